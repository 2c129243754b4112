// The "Pellucid microphone" in a PipeWire daemon of the test's own: what a program records from it, sample for sample.
// PELLUCID_LIVE_SECONDS (`make test-live`) makes the dropout tests as long as it says.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sndfile.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "../cli/program.hpp"
#include "../engine/session.hpp"
#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using engine::test::Samples;

constexpr int kRateHz = 48000;

class Pipewire : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("PELLUCID_MODELS");
    ::unsetenv("PELLUCID_MODEL");
  }

  /// In memory where there is room: on a disk that others write to, the recorder waits and loses blocks.
  static fs::path scratch() {
    constexpr std::uintmax_t kRoomBytes = std::uintmax_t{1} << 30;
    std::error_code error;
    const fs::space_info memory = fs::space("/dev/shm", error);
    return !error && memory.available > kRoomBytes ? fs::path("/dev/shm") : fs::temp_directory_path();
  }

  Ran pipewire(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "pipewire");
    return run_program(arguments, {.environment = {{"XDG_CONFIG_HOME", folder_ / "config"}}});
  }
  fs::path config() const { return folder_ / "config/pipewire/pipewire.conf.d/pellucid.conf"; }

  static bool can_run() {
    return std::system(
               "for p in pipewire wireplumber pw-cli pw-link pw-record pw-metadata dbus-run-session; do "
               "command -v $p || exit 1; done >/dev/null") == 0;
  }

  /// Runs a shell command beside a PipeWire daemon; its exit code. What it says goes to `said`.
  int session(int quantum, double seconds, const std::string& command) const {
    const fs::path script = folder_ / "script";
    std::ofstream(script) << "set -e\ncd " << folder_.string() << "\n" << command << "\n";
    const std::string line = fmt::format(
        "SESSION_SECONDS={:.0f} '{}/tests/live/pipewire_session.sh' '{}' {} bash '{}' >'{}' 2>&1", seconds + 60,
        PELLUCID_SOURCE_DIR, folder_.string(), quantum, script.string(), (folder_ / "said").string());
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string said() const { return slurp(folder_ / "said") + slurp(folder_ / "pipewire.log"); }

  void write(const std::string& name, const Samples& samples) const {
    audio::StreamFormat format;
    format.rate_hz = kRateHz;
    format.channels = 1;
    format.code = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    audio::Writer writer(folder_ / name, format, AtomicFile::Existing::kReplace);
    writer.write(std::vector<double>(samples.begin(), samples.end()));
    writer.close();
  }
  Samples read(const std::string& name) const {
    audio::Reader reader(folder_ / name);
    Samples all, block(65536);
    while (const std::size_t frames = reader.read(std::span<float>(block))) {
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames));
    }
    return all;
  }

  /// Where `out` first differs from `in`, behind the delay; the length of `in` where it never does. pw-play does not
  /// wait for the last block that it plays, so that the end does not count.
  static std::size_t first_difference(const Samples& in, const Samples& out) {
    constexpr std::size_t kEnd = 4096;
    const auto start = std::find_if(out.begin(), out.end(), [](float sample) { return sample != 0; });
    const auto length = static_cast<std::size_t>(out.end() - start);
    for (std::size_t i = 0; i + kEnd < in.size(); ++i) {
      if (i >= length || start[static_cast<std::ptrdiff_t>(i)] != in[i]) return i;
    }
    return in.size();
  }

  static std::string play_and_record(const char* source = "pellucid_microphone") {
    return fmt::format("'{}/tests/live/play_and_record.sh' {} in.wav out.wav", PELLUCID_SOURCE_DIR, source);
  }

  const pellucid::test::TempFolder temp_{scratch()};
  const fs::path& folder_ = temp_.path();
};

TEST_F(Pipewire, InstallWritesWhatRemoveTakesAway) {
  const Ran first = pipewire({"install", "--strength", "0.8", "--microphone", "my \"mic\"", "--model", "small"});
  ASSERT_EQ(first.code, 0) << first.error;
  EXPECT_NE(first.output.find(config().string()), std::string::npos) << first.output;
  const std::string text = slurp(config());
  for (const char* part :
       {"libpipewire-module-filter-chain", "lib/ladspa/pellucid.so\"", "label = pellucid_mono", "\"Strength\" = 0.8",
        "\"Model\" = 2", R"(target.object = "my \"mic\"")", "node.name = \"pellucid_microphone\"", "Audio/Source"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  ASSERT_EQ(pipewire({"install", "--stereo"}).code, 0) << "its own file is replaced";
  EXPECT_NE(slurp(config()).find("label = pellucid_stereo"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(config().parent_path()), fs::directory_iterator()), 1);
  auto status = nlohmann::json::parse(pipewire({"status", "--json"}).output);
  EXPECT_EQ(status.at("installed"), true);
  EXPECT_EQ(status.at("file"), config().string());
  ASSERT_EQ(pipewire({"remove"}).code, 0);
  EXPECT_FALSE(fs::exists(config()));
  status = nlohmann::json::parse(pipewire({"status", "--json"}).output);
  EXPECT_EQ(status.at("installed"), false);
  const Ran again = pipewire({"remove"});
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.output.find("nothing to remove"), std::string::npos) << again.output;
}

TEST_F(Pipewire, AFileOfSomebodyElseIsLeftAlone) {
  fs::create_directories(config().parent_path());
  std::ofstream(config()) << "# mine\n";
  for (const char* action : {"install", "remove"}) {
    const Ran run = pipewire({action});
    EXPECT_EQ(run.code, 7) << action;
    EXPECT_NE(run.error.find("left alone"), std::string::npos) << run.error;
  }
  EXPECT_EQ(slurp(config()), "# mine\n");
  EXPECT_NE(pipewire({"status"}).output.find("not written by this command"), std::string::npos);
  EXPECT_EQ(pipewire({"reinstall"}).code, 2);
  EXPECT_EQ(pipewire({"install", "--strength", "2"}).code, 2);
}

TEST_F(Pipewire, WithoutAPlaceForAConfigurationASentenceSaysSo) {
  const Ran run = run_program({"pipewire", "install"}, {.environment = {{"XDG_CONFIG_HOME", ""}, {"HOME", ""}}});
  EXPECT_EQ(run.code, 7);
  EXPECT_NE(run.error.find("HOME"), std::string::npos) << run.error;
  std::ofstream(folder_ / "config") << "a file where a folder is meant";
  EXPECT_EQ(pipewire({"install"}).code, 7);
}

/// How often a thread of real-time priority that does nothing but wait for the next quantum is late by more than one.
int late_wakeups(int quantum, double seconds) {
  int late = 0;
  std::thread([&] {
    const sched_param priority{.sched_priority = 80};
    ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority);
    const std::chrono::nanoseconds step(std::int64_t{1000000000} * quantum / kRateHz);
    auto due = std::chrono::steady_clock::now();
    for (int i = 0; i < seconds * kRateHz / quantum; ++i) {
      due += step;
      std::this_thread::sleep_until(due);
      late += std::chrono::steady_clock::now() - due > step ? 1 : 0;
    }
  }).join();
  return late;
}

// At strength 0 the network works as always and the microphone's samples come out as they are, so that every lost or
// doubled block shows.
class Dropouts : public Pipewire, public ::testing::WithParamInterface<int> {};

TEST_P(Dropouts, NoneBetweenTheMicrophoneAndAProgram) {
  if (!can_run()) GTEST_SKIP() << "PipeWire, WirePlumber or their tools are not installed";
  const char* asked = std::getenv("PELLUCID_LIVE_SECONDS");
  const double seconds = asked != nullptr ? std::atof(asked) : 4;
  ASSERT_EQ(pipewire({"install", "--strength", "0"}).code, 0);
  const Samples in = engine::test::noise(static_cast<std::size_t>(seconds * kRateHz), 5);
  write("in.wav", in);
  std::size_t whole = 0;
  const auto try_it = [&](const char* source, int attempts) {
    whole = 0;
    for (int attempt = 0; attempt < attempts && whole < in.size(); ++attempt) {
      const int code =
          session(GetParam(), seconds,
                  std::string(PELLUCID_PROGRAM) + " pipewire status --json >status\n" + play_and_record(source));
      if (code != 0) return code;
      whole = first_difference(in, read("out.wav"));
    }
    return 0;
  };
  const int attempts = asked != nullptr ? 1 : 3;
  const int code = try_it("pellucid_microphone", attempts);
  if (code == 77) GTEST_SKIP() << "PipeWire does not start here:\n" << said();
  ASSERT_EQ(code, 0) << said();
  EXPECT_EQ(nlohmann::json::parse(slurp(folder_ / "status")).at("offered"), true) << slurp(folder_ / "status");
  if (whole == in.size()) return;
  const double lost_s = static_cast<double>(whole) / kRateHz;
  // A busy machine loses blocks whoever makes the sound: is it this microphone, or the one before it too?
  ASSERT_EQ(try_it("virtual_microphone", attempts), 0) << said();
  if (whole < in.size()) {
    constexpr double kWatchedS = 20;
    GTEST_SKIP() << fmt::format(
        "this machine loses blocks at this quantum without Pellucid, too: first after {:.1f} s with it, {:.1f} s "
        "without; in {} s "
        "a bare timer of real-time priority was late by more than a quantum {} times",
        lost_s, static_cast<double>(whole) / kRateHz, kWatchedS, late_wakeups(GetParam(), kWatchedS));
  }
  FAIL() << "lost after " << lost_s << " s of " << seconds << ", and not so without Pellucid";
}

INSTANTIATE_TEST_SUITE_P(Quantum, Dropouts, ::testing::Values(64, 1024));

// The LV2 plugin in jalv, a JACK program, which PipeWire's own libjack connects.
TEST_F(Pipewire, JalvRunsTheLv2Plugin) {
  if (!can_run() || std::system("command -v jalv pw-jack >/dev/null") != 0) {
    GTEST_SKIP() << "PipeWire, its libjack or jalv are not installed";
  }
  const Samples in = engine::test::noise(std::size_t{3} * kRateHz, 5);
  write("in.wav", in);
  const fs::path lv2 = fs::path(PELLUCID_LV2_PLUGIN).parent_path().parent_path();
  const std::string command = fmt::format(
      "ahead=$(chrt -f 50 true 2>/dev/null && echo chrt -f 50 || true)\n"
      "LV2_PATH='{}:/usr/lib/lv2' $ahead pw-jack jalv -i -n cleaner -c strength=0 urn:pellucid:mono >jalv 2>&1 &\n"
      "for i in $(seq 50); do pw-link virtual_microphone:capture_MONO cleaner:in 2>/dev/null && break; sleep 0.1; "
      "done\n"
      "'{}/tests/live/play_and_record.sh' cleaner:out in.wav out.wav\n"
      "kill %1",
      lv2.string(), PELLUCID_SOURCE_DIR);
  std::size_t whole = 0;
  for (int attempt = 0; attempt < 3 && whole < in.size(); ++attempt) {
    const int code = session(1024, 10, command);
    if (code == 77) GTEST_SKIP() << "PipeWire does not start here:\n" << said();
    ASSERT_EQ(code, 0) << said() << slurp(folder_ / "jalv");
    whole = first_difference(in, read("out.wav"));
  }
  EXPECT_EQ(whole, in.size()) << slurp(folder_ / "jalv");
}

Samples padded(const Samples& x, std::size_t zeros) {
  Samples all(zeros, 0.0f);
  all.insert(all.end(), x.begin(), x.end());
  return all;
}

double squared_distance(const float* a, const float* b, std::size_t count, std::size_t step = 1) {
  double sum = 0;
  for (std::size_t i = 0; i < count; i += step) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

// The recording lies somewhere in what was recorded, and the daemon has fed the plugin some blocks of silence before,
// about as many as it recorded. Both are found by search; then the tool's output for so much silence and the recording
// is what was recorded.
TEST_F(Pipewire, RecordedSoundIsWhatTheToolMakesOfIt) {
  if (!can_run()) GTEST_SKIP() << "PipeWire, WirePlumber or their tools are not installed";
  audio::Reader reader(fs::path(PELLUCID_TEST_DATA) / "metrics/noisy/010.flac");
  Samples speech(std::size_t{16000} * 3);
  ASSERT_EQ(reader.read(std::span<float>(speech)), speech.size());
  Samples in(3 * speech.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = speech[i / 3];  // steps: what the microphone hears is its affair
  write("in.wav", in);
  ASSERT_EQ(pipewire({"install"}).code, 0);
  const std::string file = slurp(PELLUCID_SOURCE_DIR "/models/small.safetensors");
  const engine::test::Model model(file.begin(), file.end());
  const auto denoised = [&](const Samples& x) {
    engine::test::Session session(engine::test::config_for(model, kRateHz));
    Samples longer = x;
    longer.resize(x.size() + session.latency());
    const Samples y = session.run(longer);
    return Samples(y.begin() + static_cast<std::ptrdiff_t>(session.latency()), y.end());
  };
  constexpr std::size_t kQuantum = 1024, kLate = 1535, kPart = kRateHz / 2;
  double worst = 1;
  for (int attempt = 0; attempt < 3 && worst > 1e-3; ++attempt) {
    const int code = session(kQuantum, 10, play_and_record());
    if (code == 77) GTEST_SKIP() << "PipeWire does not start here:\n" << said();
    ASSERT_EQ(code, 0) << said();
    const Samples out = read("out.wav");
    ASSERT_GT(out.size(), in.size());
    const Samples rough = denoised(in);
    std::size_t at = 0;
    double least = 1e300;
    for (std::size_t d = kLate; d + in.size() / 2 <= out.size(); ++d) {
      const double now = squared_distance(out.data() + d, rough.data(), in.size() / 2, 31);
      if (now < least) least = now, at = d;
    }
    std::size_t silence = 0;
    least = 1e300;
    const Samples start(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(kPart));
    for (std::size_t blocks = 0; blocks < 128; ++blocks) {
      const std::size_t zeros = (at - kLate) % kQuantum + blocks * kQuantum;
      const Samples y = denoised(padded(start, zeros));
      const double now = squared_distance(out.data() + at, y.data() + zeros, kPart - kLate);
      if (now < least) least = now, silence = zeros;
    }
    write("padded.wav", padded(in, silence));
    const Ran run =
        run_program({"denoise", "padded.wav", "-o", "cli.wav", "--model", "small", "--force"}, {.folder = folder_});
    ASSERT_EQ(run.code, 0) << run.error;
    const Samples cli = read("cli.wav");
    worst = 0;
    for (std::size_t i = 0; i + 4096 < in.size(); ++i) {
      worst = std::max(worst, std::abs(double{out.at(at + i)} - cli[silence + i]));
    }
    std::printf("at %zu, %zu samples of silence before: largest difference %.2g\n", at, silence, worst);
  }
  EXPECT_LE(worst, 1e-3);
}

// The whole of `pellucid live`: PortAudio, its ALSA, PipeWire's ALSA plugin.
TEST_F(Pipewire, LiveRunsThroughPortaudio) {
  if (!can_run()) GTEST_SKIP() << "PipeWire, WirePlumber or their tools are not installed";
  write("in.wav", engine::test::noise(std::size_t{kRateHz} * 6, 5));
  const std::string program = PELLUCID_PROGRAM;
  const int code =
      session(1024, 10,
              program +
                  " live --list --json >devices\n"
                  "grep -q '\"pipewire\"' devices || exit 78\n"
                  "pw-play --target 0 in.wav &\n" +
                  program +
                  " live --input pipewire --output pipewire --rate 48000 --seconds 2 --json >lines &\n"
                  "live=$!\n"
                  "for i in $(seq 50); do port=$(pw-link -o | grep ^pw-play: || true)\n"
                  "  pw-link \"$port\" virtual_microphone:input_MONO 2>/dev/null && break; sleep 0.1; done\n"
                  "wait $live");
  if (code == 77 || code == 78) GTEST_SKIP() << "PipeWire or its ALSA plugin is not there:\n" << said();
  ASSERT_EQ(code, 0) << said();
  const std::string lines = slurp(folder_ / "lines");
  const std::size_t last = lines.rfind('\n', lines.size() - 2) + 1;
  const auto stop = nlohmann::json::parse(lines.substr(last));
  EXPECT_EQ(stop.at("event"), "stop");
  EXPECT_GE(stop.at("seconds").get<double>(), 2.0);
  EXPECT_GT(stop.at("input_dbfs").get<double>(), -40) << lines;
}

TEST_F(Pipewire, LiveWithoutADeviceSaysSo) {
  const RunOptions nowhere{.environment = {{"JACK_NO_START_SERVER", "1"}, {"XDG_RUNTIME_DIR", folder_}}};
  const auto devices = nlohmann::json::parse(run_program({"live", "--list", "--json"}, nowhere).output);
  if (!devices.empty()) GTEST_SKIP() << "this machine has sound hardware";
  const Ran run = run_program({"live", "--seconds", "1"}, nowhere);
  EXPECT_EQ(run.code, 11) << run.output << run.error;
  EXPECT_NE(run.error.find("There is no sound input device"), std::string::npos) << run.error;
  EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
}

}  // namespace
}  // namespace pellucid::cli
