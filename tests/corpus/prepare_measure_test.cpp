#include <gtest/gtest.h>

#include "corpus/measure.hpp"
#include "corpus/prepare.hpp"
#include "prepare_support.hpp"

namespace pellucid::corpus {
namespace {

using test::bursts;
using test::white_noise;

std::vector<float> tone(double hz, float amplitude, std::size_t samples, int rate_hz) {
  std::vector<float> x(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    x[i] = amplitude * static_cast<float>(std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz));
  }
  return x;
}

TEST(PrepareMeasure, LevelsOfATone) {
  // 0.5 of full scale: -6.02 dB peak, -9.03 dB RMS; 50 Hz fits 20 ms frames exactly.
  const Measures m = measure(tone(50, 0.5f, 32000, 16000), 16000);
  EXPECT_NEAR(m.duration_s, 2.0, 1e-9);
  EXPECT_NEAR(m.rms_dbfs, -9.031f, 1e-3f);
  EXPECT_NEAR(m.peak, 0.5f, 1e-4f);
  EXPECT_NEAR(m.noise_floor_dbfs, -9.031f, 1e-2f);
  EXPECT_NEAR(m.dynamic_db, 0.0f, 1e-2f);
  EXPECT_EQ(m.silence_share, 0.0f);
}

TEST(PrepareMeasure, FloorAndDynamicOfBursts) {
  const Measures m = measure(bursts(10, 0.1f, 45, 1), 16000);
  EXPECT_NEAR(m.noise_floor_dbfs, -65.0f, 1.5f);
  EXPECT_NEAR(m.dynamic_db, 45.0f, 2.0f);
  EXPECT_NEAR(m.active_level_dbfs, -22.6f, 0.5f);  // the pauses are hardly longer than the hangover of 200 ms
}

TEST(PrepareMeasure, SilentFramesAreCounted) {
  std::vector<float> x = white_noise(16000, 0.1f, 2);
  x.resize(64000, 0.0f);
  EXPECT_NEAR(measure(x, 16000).silence_share, 0.75f, 0.001f);
  const Measures zero = measure(std::vector<float>(16000), 16000);
  EXPECT_EQ(zero.silence_share, 1.0f);
  EXPECT_EQ(zero.rms_dbfs, -100.0f);
  EXPECT_EQ(zero.bandwidth_hz, 0.0f);
}

TEST(PrepareMeasure, BandwidthEndsWhereTheSpectrumDoes) {
  std::vector<float> x(16000);
  for (const double hz : {300.0, 1000.0, 2500.0, 3400.0}) {
    const std::vector<float> part = tone(hz, 0.1f, x.size(), 16000);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += part[i];
  }
  // A Hann window falls to -60 dB within six of its 512 bins.
  EXPECT_NEAR(bandwidth_hz(x, 16000), 3400.0f, 250.0f);
  EXPECT_NEAR(bandwidth_hz(white_noise(16000, 0.1f, 3), 16000), 8000.0f, 1.0f);
  EXPECT_NEAR(bandwidth_hz(tone(1000, 0.1f, 48000, 48000), 48000), 1000.0f, 650.0f);
}

TEST(PrepareMeasure, ClippingIsRunsAtFullScale) {
  std::vector<float> x(1000, 0.1f);
  x[10] = 1.0f;  // a single peak is none
  x[20] = x[21] = -0.995f;
  x[30] = x[31] = x[32] = 1.0f;
  ClipCounter counter(1);
  counter.add(x);
  EXPECT_FLOAT_EQ(counter.share(), 0.005f);
  // The same in one of two channels, over two blocks cut in the middle of a run.
  std::vector<float> stereo(2000, 0.0f);
  for (std::size_t i = 0; i < 1000; ++i) stereo[2 * i] = x[i];
  ClipCounter both(2);
  both.add(std::span(stereo).first(62));
  both.add(std::span(stereo).subspan(62));
  EXPECT_FLOAT_EQ(both.share(), 0.0025f);
}

TEST(PrepareMeasure, ShortAndEmptyAreHarmless) {
  EXPECT_EQ(measure({}, 16000).duration_s, 0.0);
  const std::vector<float> one = {0.5f};
  EXPECT_NEAR(measure(one, 16000).rms_dbfs, -6.02f, 0.01f);
}

TEST(PrepareFitness, EveryLimitNamesItself) {
  const FitnessLimits limits;
  const auto reason = [&](Kind kind, const std::vector<float>& x) {
    return judge(kind, measure(x, 16000), limits).reason;
  };
  EXPECT_EQ(reason(Kind::kSpeech, bursts(2, 0.1f, 50, 1)), "");
  EXPECT_EQ(reason(Kind::kSpeech, bursts(2, 0.1f, 25, 1)), "dynamic");
  EXPECT_EQ(reason(Kind::kSpeech, bursts(0.5, 0.1f, 50, 1)), "short");
  EXPECT_EQ(reason(Kind::kSpeech, bursts(2, 0.001f, 50, 1)), "quiet");
  EXPECT_EQ(reason(Kind::kSpeech, std::vector<float>(32000)), "silent");
  std::vector<float> mostly_silent = bursts(1, 0.1f, 50, 1);
  mostly_silent.resize(20 * 16000, 0.0f);
  EXPECT_EQ(reason(Kind::kSpeech, mostly_silent), "silence");
  EXPECT_EQ(reason(Kind::kNoise, white_noise(8000, 0.1f, 1)), "");
  EXPECT_EQ(reason(Kind::kNoise, white_noise(1000, 0.1f, 1)), "short");
  EXPECT_EQ(reason(Kind::kNoise, white_noise(8000, 0.0001f, 1)), "quiet");
  EXPECT_EQ(reason(Kind::kRir, std::vector<float>{1.0f}), "");
  Measures clipped = measure(bursts(2, 0.1f, 50, 1), 16000);
  clipped.clipped_share = 0.002f;
  EXPECT_EQ(judge(Kind::kSpeech, clipped, limits).reason, "clipped");
  EXPECT_NE(judge(Kind::kSpeech, clipped, limits).detail.find("0.20 %"), std::string::npos);
  EXPECT_EQ(judge(Kind::kNoise, clipped, limits).reason, "");
  FitnessLimits wide_only;
  wide_only.speech_min_bandwidth_hz = 9000;
  EXPECT_EQ(judge(Kind::kSpeech, measure(bursts(2, 0.1f, 50, 1), 16000), wide_only).reason, "bandwidth");
}

}  // namespace
}  // namespace pellucid::corpus
