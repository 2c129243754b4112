// The term of the envelopes: its bands, frames, values and gradient.
#include "training/envelopes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace pellucid::training {
namespace {

constexpr int kBands = 3, kFrames = 30, kSegment = 24;

std::vector<float> random_envelopes(unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(0.5f, 2.0f);
  std::vector<float> x(kBands * kFrames);
  for (float& v : x) v = uniform(generator);
  return x;
}

double distance(const std::vector<float>& x, const std::vector<float>& y) {
  std::vector<float> ignored(y.size());
  return envelope_distance(kBands, kFrames, kSegment, x.data(), y.data(), 1, ignored.data());
}

TEST(Envelopes, HaveTheThirdOctavesOfTheMeasure) {
  const std::vector<BandBins> bands = third_octaves(256, 16000);
  ASSERT_EQ(bands.size(), 15u);
  EXPECT_EQ(bands[0].low, 4);  // 133.6 Hz, of 31.25 each
  EXPECT_EQ(bands[0].high, 5);
  EXPECT_EQ(bands[14].high, 137);  // 4276 Hz
  for (std::size_t b = 1; b < bands.size(); ++b) EXPECT_EQ(bands[b].low, bands[b - 1].high);
  EXPECT_LE(third_octaves(128, 8000).back().high, 128) << "those that do not fit are left out";
  EXPECT_EQ(segment_frames(16000, 256), 24);
}

TEST(Envelopes, LeaveOutWhereNobodySpeaks) {
  EXPECT_EQ(active_frames({1.0f, 0.5f, 0.00005f, 0.001f}), (std::vector<int>{0, 1, 3}));
  EXPECT_TRUE(active_frames({0.0f, 0.0f}).empty());
}

TEST(Envelopes, AreComparedWhateverTheirLevel) {
  const std::vector<float> x = random_envelopes(1);
  std::vector<float> y = x;
  for (float& v : y) v = 0.3f * v + 0.1f;
  EXPECT_NEAR(distance(x, y), 0, 1e-3);
  for (float& v : y) v = 3.0f - v;
  EXPECT_NEAR(distance(x, y), 2, 1e-3);
  EXPECT_NEAR(distance(x, std::vector<float>(x.size(), 0.5f)), 1, 1e-3) << "flat";
  EXPECT_EQ(envelope_distance(kBands, kSegment - 1, kSegment, x.data(), y.data(), 1, y.data()), 0) << "too short";
}

TEST(Envelopes, OfAnAbsentBandDoNotCount) {
  std::vector<float> x = random_envelopes(2), y = random_envelopes(3);
  for (int t = 0; t < kFrames; ++t) x[t] = 1e-6f;
  const double one = distance(x, y);
  for (int t = 0; t < kFrames; ++t) y[t] = float(t);
  EXPECT_EQ(distance(x, y), one);
}

TEST(Envelopes, HaveTheGradientOfTheirDistance) {
  const std::vector<float> x = random_envelopes(4);
  std::vector<float> y = random_envelopes(5), gradient(y.size());
  envelope_distance(kBands, kFrames, kSegment, x.data(), y.data(), 2, gradient.data());
  for (const int i : {0, 7, 29, 45, 89}) {
    const float was = y[i], step = 0.01f;
    y[i] = was + step;
    const double up = distance(x, y);
    y[i] = was - step;
    const double down = distance(x, y);
    y[i] = was;
    EXPECT_NEAR(gradient[i], 2 * (up - down) / (2 * step), 2e-4) << i;
  }
}

}  // namespace
}  // namespace pellucid::training
