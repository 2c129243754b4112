// The plugins in programs that people use: each host's output, shifted by the latency, is what `pellucid denoise`
// writes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sndfile.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"

namespace pellucid::plugin::test {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return fmt::format("'{}'", path.string()); }

class HostsTest : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    const fs::path lv2 = fs::path(PELLUCID_LV2_PLUGIN).parent_path().parent_path();
    ::setenv("LADSPA_PATH", fs::path(PELLUCID_LADSPA_PLUGIN).parent_path().c_str(), 1);
    ::setenv("LV2_PATH", (lv2.string() + ":/usr/lib/lv2:/usr/local/lib/lv2").c_str(), 1);
    ::unsetenv("PELLUCID_MODELS");  // the models of the source tree, which the plugins find by themselves
    ::unsetenv("PELLUCID_MODEL");
  }

  static bool has(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
  }
  /// Runs a command in the test's folder; what it said is shown when it fails.
  void run(const std::string& command) const {
    const fs::path said = folder_ / "said";
    const int status = std::system(("cd " + quoted(folder_) + " && " + command + " >said 2>&1").c_str());
    EXPECT_EQ(status, 0) << command << "\n" << text(said);
  }
  static std::string text(const fs::path& path) {
    std::string all;
    if (FILE* file = std::fopen(path.c_str(), "rb")) {
      for (int c = 0; (c = std::fgetc(file)) != EOF;) all.push_back(static_cast<char>(c));
      std::fclose(file);
    }
    return all;
  }

  /// Speech-like noise: bursts over a hiss, different in every channel.
  void make(const std::string& name, int rate_hz, int channels, int code = SF_FORMAT_WAV | SF_FORMAT_FLOAT) const {
    nn::test::Random random(7);
    const std::size_t frames = 30011;
    std::vector<double> samples(frames * static_cast<std::size_t>(channels));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double t = static_cast<double>(i / static_cast<std::size_t>(channels)) / rate_hz;
      const double burst = std::sin(2 * M_PI * 2.3 * t) > 0 ? std::sin(2 * M_PI * (180 + 40 * std::sin(9 * t)) * t) : 0;
      samples[i] = 0.3 * burst + 0.05 * random.uniform();
    }
    write(name, samples, rate_hz, channels, code);
  }
  void write(const std::string& name, const std::vector<double>& samples, int rate_hz, int channels,
             int code = SF_FORMAT_WAV | SF_FORMAT_FLOAT) const {
    audio::StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = channels;
    format.code = code;
    audio::Writer writer(folder_ / name, format);
    writer.write(samples);
    writer.close();
  }

  std::vector<double> read(const std::string& name) const {
    audio::Reader reader(folder_ / name);
    std::vector<double> all, block(8192 * static_cast<std::size_t>(reader.format().channels));
    while (const std::size_t frames = reader.read(std::span<double>(block))) {
      const auto count = frames * static_cast<std::size_t>(reader.format().channels);
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return all;
  }

  /// `pellucid denoise in.wav -o expected.wav` with further options and the plugins' model or another.
  std::vector<double> expected(const std::string& options = "", const std::string& model = "small") const {
    run(std::string(PELLUCID_PROGRAM) + " denoise in.wav -o expected.wav --force --link-channels --model " + model +
        " " + options);
    return read("expected.wav");
  }

  /// The greatest difference once `late` samples of the host's output are dropped.
  static double distance(const std::vector<double>& host, std::size_t late, const std::vector<double>& cli) {
    EXPECT_GE(host.size(), cli.size());
    EXPECT_LT(late, host.size());
    double worst = 0;
    for (std::size_t i = late; i < std::min(host.size(), cli.size() + late); ++i) {
      worst = std::max(worst, std::abs(host[i] - cli[i - late]));
    }
    return worst;
  }
};

// A window less one sample: 32 ms.
constexpr std::size_t kLate16 = 511, kLate48 = 1535;
constexpr double kFloatExact = 1e-6;

#define NEEDS(program) \
  if (!has(program)) GTEST_SKIP() << program << " is not installed"

TEST_F(HostsTest, FfmpegLadspa) {
  NEEDS("ffmpeg");
  make("in.wav", 16000, 1);
  run("ffmpeg -v error -y -i in.wav -af ladspa=file=pellucid:plugin=pellucid_mono -c:a pcm_f32le out.wav");
  EXPECT_LE(distance(read("out.wav"), kLate16, expected()), kFloatExact);
  run("ffmpeg -v error -y -i in.wav -af ladspa=file=pellucid:plugin=pellucid_mono:controls='c0=0.5|c1=20|c2=0.3' "
      "-c:a pcm_f32le out.wav");
  EXPECT_LE(distance(read("out.wav"), kLate16, expected("--strength 0.5 --atten-limit-db 20 --post-filter 0.3")),
            kFloatExact);
  // The host takes the latency away itself.
  run("ffmpeg -v error -y -i in.wav -af ladspa=file=pellucid:plugin=pellucid_mono:latency=1 -c:a pcm_f32le out.wav");
  EXPECT_LE(distance(read("out.wav"), 0, expected()), kFloatExact);
}

TEST_F(HostsTest, FfmpegLadspaStereo) {
  NEEDS("ffmpeg");
  make("in.wav", 48000, 2);
  run("ffmpeg -v error -y -i in.wav -af ladspa=file=pellucid:plugin=pellucid_stereo -c:a pcm_f32le out.wav");
  EXPECT_LE(distance(read("out.wav"), 2 * kLate48, expected()), kFloatExact);
}

TEST_F(HostsTest, FfmpegLv2) {
  NEEDS("ffmpeg");
  make("in.wav", 48000, 2);
  run(R"(ffmpeg -v error -y -i in.wav -af 'lv2=p=urn\\:pellucid\\:stereo' -c:a pcm_f32le out.wav)");
  EXPECT_LE(distance(read("out.wav"), 2 * kLate48, expected()), kFloatExact);
  run(R"(ffmpeg -v error -y -i in.wav -af 'lv2=p=urn\\:pellucid\\:stereo:c=strength=0.5|attenuation_limit=20' )"
      "-c:a pcm_f32le out.wav");
  EXPECT_LE(distance(read("out.wav"), 2 * kLate48, expected("--strength 0.5 --atten-limit-db 20")), kFloatExact);
}

TEST_F(HostsTest, FfmpegPassesTheSoundThroughWithoutAModelAndAtAWrongRate) {
  NEEDS("ffmpeg");
  make("in.wav", 6000, 1);
  const std::vector<double> in = read("in.wav");
  run("ffmpeg -v error -y -i in.wav -af ladspa=file=pellucid:plugin=pellucid_mono -c:a pcm_f32le out.wav");
  EXPECT_EQ(read("out.wav"), in);
  EXPECT_NE(text(folder_ / "said").find("6000 Hz"), std::string::npos) << text(folder_ / "said");
  run("PELLUCID_MODEL=none ffmpeg -v error -y -i in.wav -af 'lv2=p=urn\\\\:pellucid\\\\:mono' -c:a pcm_f32le out.wav");
  EXPECT_EQ(read("out.wav"), in);
  EXPECT_NE(text(folder_ / "said").find("no model 'none'"), std::string::npos) << text(folder_ / "said");
}

TEST_F(HostsTest, Lv2apply) {
  NEEDS("lv2apply");
  make("in.wav", 48000, 1);
  run("lv2apply -i in.wav -o out.wav urn:pellucid:mono");
  EXPECT_LE(distance(read("out.wav"), kLate48, expected()), kFloatExact);
  run("lv2apply -i in.wav -o out.wav -c strength 0 urn:pellucid:mono");
  EXPECT_EQ(distance(read("out.wav"), kLate48, read("in.wav")), 0);
}

TEST_F(HostsTest, Applyplugin) {
  NEEDS("applyplugin");
  make("in.wav", 16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  run("applyplugin in.wav out.wav pellucid.so pellucid_mono 1 100 0 0 0 0");
  EXPECT_LE(distance(read("out.wav"), kLate16, expected()), 2.0 / 32768);  // both round to 16 bits
  make("in2.wav", 48000, 2, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  run("mv in2.wav in.wav && applyplugin in.wav out.wav pellucid.so pellucid_stereo 0.7 100 0 0 2 0");
  EXPECT_LE(distance(read("out.wav"), 2 * kLate48, expected("--strength 0.7")), 2.0 / 32768);
}

TEST_F(HostsTest, AnalysepluginListsWhatTheManualSays) {
  NEEDS("analyseplugin");
  run("analyseplugin pellucid.so");
  const std::string said = text(folder_ / "said");
  for (const char* line :
       {"Plugin Label: \"pellucid_mono\"", "Plugin Label: \"pellucid_stereo\"", "Environment: Normal or Hard Real-Time",
        "\"Strength\" input, control, 0 to 1, default 1",
        "\"Attenuation limit (dB)\" input, control, 0 to 100, default 100",
        "\"Post-filter\" input, control, 0 to 1, default 0", "\"Bypass\" input, control, toggled",
        "0 to 4, default 0, integer", "\"latency\" output, control", "\"Adaptive\" input, control, toggled"}) {
    EXPECT_NE(said.find(line), std::string::npos) << line << "\n" << said;
  }
}

TEST_F(HostsTest, TheLv2DescriptionIsValid) {
  NEEDS("sord_validate");
  run("sord_validate $(find /usr/lib/lv2 -name '*.ttl') " + quoted(fs::path(PELLUCID_LV2_PLUGIN).parent_path()) +
      "/*.ttl");
  NEEDS("lv2info");
  run("lv2info urn:pellucid:stereo");
  const std::string said = text(folder_ / "said");
  EXPECT_NE(said.find("Has latency:       yes, reported by port 9"), std::string::npos) << said;
}

// What a plugin exports besides its entry points could be mixed up with another version that a host has loaded.
TEST_F(HostsTest, OnlyTheEntryPointsCanBeSeen) {
  NEEDS("nm");
  const auto exports = [&](const char* plugin, const std::vector<std::string>& entries) {
    run("nm -D --defined-only " + quoted(plugin) + " | grep -v ' [uVW] '");
    const std::string said = text(folder_ / "said");
    EXPECT_EQ(static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n')), entries.size()) << said;
    for (const std::string& entry : entries) EXPECT_NE(said.find(entry), std::string::npos) << entry << "\n" << said;
  };
  exports(PELLUCID_LADSPA_PLUGIN, {"ladspa_descriptor"});
  exports(PELLUCID_LV2_PLUGIN, {"lv2_descriptor"});
#ifdef PELLUCID_VST3_PLUGIN
  exports(PELLUCID_VST3_PLUGIN, {"GetPluginFactory", "ModuleEntry", "ModuleExit"});
  exports(PELLUCID_CLAP_PLUGIN, {"clap_entry"});
#endif
}

#ifdef PELLUCID_VST3_PLUGIN

// Ardour without its windows: a track is bounced through the VST3 plugin, and Ardour takes the latency away.
TEST_F(HostsTest, ArdourRunsTheVst3Plugin) {
  NEEDS("ardour7-lua");
  make("sound.wav", 48000, 2);
  const std::vector<double> sound = read("sound.wav");
  for (const std::size_t c : {0, 1}) {
    std::ofstream raw(folder_ / std::to_string(c), std::ios::binary);
    for (std::size_t i = c; i < sound.size(); i += 2) {
      const auto sample = static_cast<float>(sound[i]);
      raw.write(reinterpret_cast<const char*>(&sample), sizeof sample);
    }
  }
  // pellucid.vst3/Contents/x86_64-linux/pellucid.so
  const fs::path bundles = fs::path(PELLUCID_VST3_PLUGIN).parent_path().parent_path().parent_path().parent_path();
  run("HOME=$PWD LD_LIBRARY_PATH=/usr/lib/ardour7 /usr/lib/ardour7/ardour-vst3-scanner " +
      quoted(bundles / "pellucid.vst3"));
  run("HOME=$PWD VST3_PATH=" + quoted(bundles) + " timeout 120 ardour7-lua " +
      quoted(PELLUCID_SOURCE_DIR "/tests/plugins/ardour.lua") + " $PWD/session 0 1");
  const std::string said = text(folder_ / "said");
  EXPECT_NE(said.find("latency 1535"), std::string::npos) << said;
  EXPECT_NE(said.find("parameters 6"), std::string::npos) << said;
  const auto stereo = [&](const std::string& name) {
    const std::string path = "session/interchange/session/audiofiles/" + name;
    const std::vector<double> left = read(path + "%L.wav"), right = read(path + "%R.wav");
    EXPECT_EQ(left.size(), right.size());
    std::vector<double> both(2 * left.size());
    for (std::size_t i = 0; i < left.size(); ++i) both[2 * i] = left[i], both[2 * i + 1] = right[i];
    return both;
  };
  write("in.wav", stereo("Take1_speech-1"), 48000, 2);
  EXPECT_LE(distance(stereo("whole"), 0, expected()), kFloatExact);
  EXPECT_LE(distance(stereo("softer"), 0, expected("--strength 0.5 --atten-limit-db 20")), kFloatExact);
  EXPECT_LE(distance(stereo("nano"), 0, expected("", "nano")), kFloatExact);
}

TEST_F(HostsTest, QtractorsScannerLoadsTheClapPlugins) {
  NEEDS("/usr/lib/*/qtractor/qtractor_plugin_scan");
  run("echo CLAP:" + quoted(PELLUCID_CLAP_PLUGIN) + " | timeout 60 /usr/lib/*/qtractor/qtractor_plugin_scan");
  const std::string said = text(folder_ / "said");
  // Audio in and out, MIDI, controls.
  EXPECT_NE(said.find("CLAP|Pellucid noise removal (mono)|1:1|0:0|5:0|"), std::string::npos) << said;
  EXPECT_NE(said.find("CLAP|Pellucid noise removal (stereo)|2:2|0:0|5:0|"), std::string::npos) << said;
}

#endif

}  // namespace
}  // namespace pellucid::plugin::test
