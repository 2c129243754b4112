// `pellucid live` on a sound system that is made of memory: what reaches the loudspeaker, keys, meters, devices that
// fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../engine/session.hpp"
#include "cli/live_run.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

using engine::test::noise;
using engine::test::Samples;

/// Plays `input` to the client, `block` frames at a time, whenever the test pumps.
class FakeSystem : public SoundSystem {
 public:
  class Stream : public SoundStream {
   public:
    explicit Stream(FakeSystem& system) : system_(system) {}
    ~Stream() override { system_.client = nullptr; }
    bool running() const override { return !system_.ended; }
    double latency_s() const override { return 0.010; }
    double load() const override { return 0.25; }

   private:
    FakeSystem& system_;
  };

  std::vector<SoundDevice> devices() override { return known; }
  std::unique_ptr<SoundStream> open(const StreamRequest& asked, SoundClient& to) override {
    request = asked;
    if (!refusal.empty()) throw Error(ExitCode::kDevice, refusal);
    client = &to;
    return std::make_unique<Stream>(*this);
  }

  void pump(bool dropout = false) {
    const auto in = static_cast<std::size_t>(request.input_channels),
               out = static_cast<std::size_t>(request.output_channels);
    const std::size_t frames = std::min(block, input.size() / in - done);
    const std::size_t start = output.size();
    output.resize(start + frames * out);
    client->block(input.data() + done * in, output.data() + start, frames, dropout);
    done += frames;
  }

  std::vector<SoundDevice> known = {
      {"Built-in microphone", "ALSA", 2, 0, 48000, true, false},
      {"Built-in speaker", "ALSA", 0, 2, 44100, false, true},
      {"USB headset", "ALSA", 1, 2, 16000, false, false},
      {"USB camera (hw:1,0)", "ALSA", 2, 0, 32000, false, false},
  };
  std::string refusal;
  bool ended = false;
  SoundClient* client = nullptr;
  StreamRequest request;
  Samples input, output;
  std::size_t done = 0, block = 480;
};

struct Said {
  std::vector<std::string> lines, meters;
};

class Live : public ::testing::Test {
 protected:
  Live() {
    options_.settings.model = {reinterpret_cast<const std::byte*>(model_.data()), model_.size()};
    options_.settings.model_name = "random";
    system_.input = noise(48000, 3);
  }

  /// A console that pumps a block whenever it is asked for a key, and types `keys` one after the other.
  LiveConsole console(std::vector<Key> keys = {}) {
    LiveConsole console;
    console.key = [this, keys, at = std::size_t{0}]() mutable {
      if (!stalled_ && system_.done < system_.input.size()) system_.pump();
      return at < keys.size() ? keys[at++] : Key::kNone;
    };
    console.print = [this](const std::string& line) { said_.lines.push_back(line); };
    console.show = [this](const std::string& line) { said_.meters.push_back(line); };
    console.stopped = [] { return false; };
    return console;
  }

  ExitCode code_of(const LiveConsole& with, std::string* sentence = nullptr) {
    try {
      run_live(options_, system_, with);
    } catch (const Error& error) {
      if (sentence != nullptr) *sentence = error.what();
      return error.code();
    }
    return ExitCode::kOk;
  }

  engine::test::Model model_ = engine::test::random_model();
  LiveOptions options_;
  FakeSystem system_;
  Said said_;
  bool stalled_ = false;
};

TEST_F(Live, ALoudspeakerGetsWhatTheEngineGives) {
  options_.seconds = 0.5;
  run_live(options_, system_, console());
  EXPECT_EQ(system_.request.rate_hz, 48000);
  EXPECT_EQ(system_.request.output_channels, 2);
  EXPECT_EQ(system_.client, nullptr) << "the stream is closed in the end";
  engine::test::Session session(engine::test::config_for(model_, 48000));
  const Samples expected =
      session.run({system_.input.begin(), system_.input.begin() + static_cast<std::ptrdiff_t>(system_.done)});
  ASSERT_EQ(system_.output.size(), 2 * expected.size());
  for (std::size_t i = 0; i < system_.output.size(); ++i) ASSERT_EQ(system_.output[i], expected[i / 2]) << i;
  // 32 ms of the network less a sample, 10 ms of the devices.
  EXPECT_NE(said_.lines.front().find("Delay 42 ms"), std::string::npos) << said_.lines.front();
  EXPECT_EQ(said_.lines.back(), "Stopped after 0.5 s; 0 dropouts.");
  for (const std::string& line : said_.meters) EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(Live, TwoChannelsAreLinked) {
  options_.settings.channels = 2;
  options_.seconds = 0.2;
  run_live(options_, system_, console());
  pellucid_config config = engine::test::config_for(model_, 48000, 2);
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  engine::test::Session session(config);
  EXPECT_EQ(system_.output, session.run({system_.input.begin(),
                                         system_.input.begin() + static_cast<std::ptrdiff_t>(2 * system_.done)}));
}

TEST_F(Live, KeysMoveStrengthAndBypass) {
  options_.json = true;
  run_live(options_, system_, console({Key::kLess, Key::kLess, Key::kMore, Key::kBypass, Key::kBypass, Key::kQuit}));
  std::vector<nlohmann::json> lines;
  for (const std::string& line : said_.lines) lines.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines.front().at("event"), "start");
  EXPECT_NEAR(lines.front().at("engine_latency_ms").get<double>(), 1535 / 48.0, 0.01);
  EXPECT_NEAR(lines[2].at("strength").get<double>(), 0.90, 1e-6);
  EXPECT_NEAR(lines[3].at("strength").get<double>(), 0.95, 1e-6);
  EXPECT_EQ(lines[4].at("bypass"), true);
  EXPECT_EQ(lines[5].at("bypass"), false);
  EXPECT_EQ(lines.back().at("event"), "stop");
}

TEST_F(Live, MetersTellWhatTheEngineKnows) {
  options_.json = true;
  options_.seconds = 0.9;
  run_live(options_, system_, console());
  const auto last = nlohmann::json::parse(said_.lines.back());
  engine::test::Session session(engine::test::config_for(model_, 48000));
  session.run({system_.input.begin(), system_.input.begin() + static_cast<std::ptrdiff_t>(system_.done)});
  pellucid_status status{};
  status.struct_size = sizeof status;
  ASSERT_EQ(pellucid_get_status(session.get(), &status), PELLUCID_OK);
  EXPECT_NEAR(last.at("input_dbfs").get<double>(), status.input_dbfs, 0.06);
  EXPECT_NEAR(last.at("output_dbfs").get<double>(), status.output_dbfs, 0.06);
  EXPECT_NEAR(last.at("noise_dbfs").get<double>(), status.noise_dbfs, 0.06);
  EXPECT_NEAR(last.at("snr_db").get<double>(), status.snr_db, 0.06);
  EXPECT_EQ(last.at("voice_active").get<bool>(), status.voice_active != 0);
}

TEST_F(Live, DropoutsAreCountedAndABlockWithoutInputIsSilence) {
  options_.seconds = 0.3;
  LiveConsole with = console();
  with.key = [&] {
    system_.pump(system_.done == 0);
    Samples out(64, 9.0f);
    system_.client->block(nullptr, out.data(), 32, true);
    for (const float sample : out) EXPECT_LT(std::abs(sample), 2.0f);
    return system_.done >= 960 ? Key::kQuit : Key::kNone;
  };
  run_live(options_, system_, with);
  EXPECT_EQ(said_.lines.back().substr(said_.lines.back().find(';')), "; 3 dropouts.");
}

TEST_F(Live, DevicesThatFailAreNamed) {
  std::string sentence;
  system_.refusal = "it is busy: another program has it";
  EXPECT_EQ(code_of(console(), &sentence), ExitCode::kDevice);
  EXPECT_NE(sentence.find("busy"), std::string::npos);
  system_.refusal.clear();

  LiveConsole with = console();
  with.key = [&] {
    system_.pump();
    system_.ended = system_.done > 4000;
    return Key::kNone;
  };
  EXPECT_EQ(code_of(with, &sentence), ExitCode::kDevice);
  EXPECT_NE(sentence.find("'Built-in microphone'"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("went away"), std::string::npos) << sentence;
  EXPECT_EQ(system_.client, nullptr);

  system_.ended = false;
  stalled_ = true;
  EXPECT_EQ(code_of(console(), &sentence), ExitCode::kDevice) << "a device that says nothing for three seconds";

  options_.rate_hz = 4000;
  EXPECT_EQ(code_of(console(), &sentence), ExitCode::kDevice);
  EXPECT_NE(sentence.find("4000 Hz"), std::string::npos) << sentence;
  options_.settings.model = options_.settings.model.first(100);
  options_.rate_hz = 16000;
  EXPECT_EQ(code_of(console(), &sentence), ExitCode::kModel);
}

TEST_F(Live, DevicesAreChosenByNumberNameOrPart) {
  const auto& known = system_.known;
  EXPECT_EQ(choose_device(known, "", true), 0u);
  EXPECT_EQ(choose_device(known, "", false), 1u);
  EXPECT_EQ(choose_device(known, "2", true), 2u);
  EXPECT_EQ(choose_device(known, "headset", true), 2u);
  EXPECT_EQ(choose_device(known, "usb", false), 2u) << "the camera does not play";
  EXPECT_EQ(choose_device(known, "USB camera (hw:1,0)", true), 3u);
  const auto refused = [&](const std::vector<SoundDevice>& devices, const char* wanted, bool input) {
    try {
      choose_device(devices, wanted, input);
    } catch (const Error& error) {
      return std::pair(error.code(), std::string(error.what()));
    }
    return std::pair(ExitCode::kOk, std::string());
  };
  EXPECT_EQ(refused(known, "usb", true).first, ExitCode::kUsage);
  EXPECT_NE(refused(known, "usb", true).second.find("2 'USB headset', 3 'USB camera (hw:1,0)'"), std::string::npos);
  EXPECT_EQ(refused(known, "phone", false).first, ExitCode::kDevice);
  EXPECT_EQ(refused(known, "1", true).first, ExitCode::kDevice) << "a loudspeaker";
  EXPECT_NE(refused({}, "", true).second.find("no sound input device"), std::string::npos);
}

TEST_F(Live, DevicesAreListed) {
  const std::string table = list_devices(system_.known, false);
  EXPECT_NE(table.find("  0    2    0   48000  Built-in microphone (ALSA) [default input]\n"), std::string::npos)
      << table;
  const auto json = nlohmann::json::parse(list_devices(system_.known, true));
  ASSERT_EQ(json.size(), 4u);
  EXPECT_EQ(json[1].at("name"), "Built-in speaker");
  EXPECT_EQ(json[1].at("default_output"), true);
  EXPECT_EQ(list_devices({}, false), "There is no sound device that can be opened.\n");
  EXPECT_TRUE(nlohmann::json::parse(list_devices({}, true)).empty());
}

TEST_F(Live, TypedKeysAreUnderstood) {
  EXPECT_EQ(key_of("+"), Key::kMore);
  EXPECT_EQ(key_of("\x1b[A"), Key::kMore);
  EXPECT_EQ(key_of("\x1b[B"), Key::kLess);
  EXPECT_EQ(key_of("\x1b[C"), Key::kNone);
  EXPECT_EQ(key_of("b"), Key::kBypass);
  EXPECT_EQ(key_of("x-q+"), Key::kQuit);
  EXPECT_EQ(key_of(""), Key::kNone);
}

}  // namespace
}  // namespace pellucid::cli
