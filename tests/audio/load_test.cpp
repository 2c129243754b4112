// load() against librosa.load.
#include <sndfile.h>

#include <sstream>

#include "audio/sound.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

class Load : public FolderTest {
 protected:
  // 10007 frames of stereo at 44.1 kHz out of the generator of Numerical Recipes, the same as the reference was given.
  std::filesystem::path reference_file() {
    StreamFormat format;
    format.rate_hz = 44100;
    format.channels = 2;
    format.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    std::vector<double> samples;
    std::uint32_t x = 12345;
    for (int i = 0; i < 2 * 10007; ++i) {
      x = 1664525u * x + 1013904223u;
      const int value = static_cast<int>(x >> 16) - 32768;
      samples.push_back(std::floor(value / 4.0) / 32768);
    }
    write_sound(folder_ / "lcg.wav", format, samples);
    return folder_ / "lcg.wav";
  }
};

TEST_F(Load, GivesWhatLibrosaGives) {
  const std::filesystem::path path = reference_file();
  std::ifstream table(PELLUCID_TEST_DATA "/audio/load.csv");
  ASSERT_TRUE(table.is_open());
  Sound sound;
  int cases = 0, values = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream in(line);
    if (line.rfind("case", 0) == 0) {
      std::string word;
      LoadOptions options;
      int rate_hz = 0;
      double duration_s = 0;
      std::size_t length = 0;
      ASSERT_TRUE(in >> word >> rate_hz >> options.offset_s >> duration_s >> length);
      options.rate_hz = rate_hz;
      if (duration_s >= 0) options.duration_s = duration_s;
      sound = load(path, options);
      EXPECT_EQ(sound.samples.size(), length);
      EXPECT_EQ(sound.rate_hz, rate_hz);
      ++cases;
    } else {
      std::size_t index = 0;
      float value = 0;
      ASSERT_TRUE(in >> index >> value);
      ASSERT_LT(index, sound.samples.size());
      EXPECT_NEAR(sound.samples[index], value, 2e-6f) << "case " << cases << ", sample " << index;
      ++values;
    }
  }
  EXPECT_EQ(cases, 4);
  EXPECT_GT(values, 100);
}

TEST_F(Load, KeepsRateAndChannelsWhenAsked) {
  const Sound sound = load(reference_file(), {.mono = false});
  EXPECT_EQ(sound.rate_hz, 44100);
  EXPECT_EQ(sound.channels, 2);
  EXPECT_EQ(sound.frames(), 10007u);
  const Sound mono = load(reference_file());
  for (std::size_t i = 0; i < mono.samples.size(); ++i) {
    ASSERT_EQ(mono.samples[i], (sound.samples[2 * i] + sound.samples[2 * i + 1]) / 2);
  }
}

TEST_F(Load, RefusesToStartBehindTheEnd) {
  const std::filesystem::path path = reference_file();
  EXPECT_EQ(code_of([&] { load(path, {.offset_s = 1.0}); }), ExitCode::kAudio);
  EXPECT_EQ(code_of([&] { load(path, {.offset_s = -1.0}); }), ExitCode::kUsage);
  EXPECT_EQ(load(path, {.duration_s = 0.0}).frames(), 0u);
  EXPECT_EQ(load(path, {.offset_s = 0.2, .duration_s = 99.0}).frames(), 10007u - 8820u);
}

}  // namespace
}  // namespace pellucid::audio
