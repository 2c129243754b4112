#include <gtest/gtest.h>

#include "corpus/active_level.hpp"
#include "prepare_support.hpp"

namespace pellucid::corpus {
namespace {

using test::bursts;
using test::white_noise;

// ITU-T P.56 method B once more, word for word from the recommendation: counters, all thresholds at every sample, the
// crossing searched by halving between two thresholds.
ActiveLevel by_the_book(const std::vector<float>& x, double rate_hz) {
  constexpr int kN = 20;
  const double g = std::exp(-1 / (0.03 * rate_hz));
  const long hang = std::lround(0.2 * rate_hz);
  double p = 0, q = 0, sq = 0, c[kN];
  long a[kN] = {}, h[kN];
  for (int j = 0; j < kN; ++j) c[j] = std::pow(2.0, j - kN), h[j] = hang;
  for (const float sample : x) {
    const double v = static_cast<double>(sample);
    sq += v * v;
    p = g * p + (1 - g) * std::fabs(v);
    q = g * q + (1 - g) * p;
    for (int j = 0; j < kN; ++j) {
      if (q >= c[j]) {
        ++a[j], h[j] = 0;
      } else if (h[j] < hang) {
        ++a[j], ++h[j];
      }
    }
  }
  const auto difference = [&](double threshold_db, double level_db) { return level_db - threshold_db - 15.9; };
  double lower_a = 0, lower_c = 0;
  for (int j = 0; j < kN && a[j] > 0; ++j) {
    const double level = 10 * std::log10(sq / static_cast<double>(a[j])), threshold = 20 * std::log10(c[j]);
    if (difference(threshold, level) <= 0) {
      double a1 = lower_a, a2 = level, c1 = lower_c, c2 = threshold;
      for (int i = 0; i < 60 && j > 0; ++i) {
        const double am = (a1 + a2) / 2, cm = (c1 + c2) / 2;
        (difference(cm, am) > 0 ? a1 : a2) = am;
        (difference(cm, am) > 0 ? c1 : c2) = cm;
      }
      const double db = a2;
      return {static_cast<float>(db), static_cast<float>(sq / static_cast<double>(x.size()) / std::pow(10.0, db / 10))};
    }
    lower_a = level, lower_c = threshold;
  }
  return {};
}

TEST(PrepareActiveLevel, EqualsTheRecommendation) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const float rms = std::pow(10.0f, -static_cast<float>(seed) / 4);
    const std::vector<float> x =
        bursts(1.0 + 0.3 * static_cast<double>(seed), rms / 4, 10.0 + 5 * static_cast<double>(seed), seed);
    const ActiveLevel expected = by_the_book(x, 16000), found = active_level(x, 16000);
    EXPECT_NEAR(found.level_dbfs, expected.level_dbfs, 1e-3f) << seed;
    EXPECT_NEAR(found.activity, expected.activity, 1e-4f) << seed;
  }
}

TEST(PrepareActiveLevel, SteadySoundIsActiveThroughout) {
  const std::vector<float> x = white_noise(5 * 16000, 0.1f, 1);
  const ActiveLevel level = active_level(x, 16000);
  EXPECT_NEAR(level.level_dbfs, -20.0f, 0.15f);
  EXPECT_GT(level.activity, 0.98f);
}

TEST(PrepareActiveLevel, LongPausesDoNotLowerIt) {
  std::vector<float> x = white_noise(4 * 16000, 0.1f, 2);
  const ActiveLevel alone = active_level(x, 16000);
  x.resize(16 * 16000, 0.0f);
  const ActiveLevel padded = active_level(x, 16000);
  EXPECT_NEAR(padded.level_dbfs, alone.level_dbfs, 0.5f);
  EXPECT_NEAR(padded.activity, 0.25f, 0.03f);  // and the hangover of 0.2 s
  EXPECT_NEAR(rms_level_dbfs(x), -26.0f, 0.15f);
}

TEST(PrepareActiveLevel, GainShiftsItByAsMuch) {
  std::vector<float> x = bursts(3, 0.2f, 40, 3);
  const ActiveLevel loud = active_level(x, 16000);
  for (float& sample : x) sample *= 0.001f;
  const ActiveLevel quiet = active_level(x, 16000);
  // Thresholds stand 6 dB apart, so between them the level is interpolated: the shift is exact within that.
  EXPECT_NEAR(loud.level_dbfs - quiet.level_dbfs, 60.0f, 0.3f);
}

TEST(PrepareActiveLevel, SilenceAndNonsenseAreHarmless) {
  EXPECT_EQ(active_level({}, 16000).activity, 0.0f);
  EXPECT_EQ(active_level(std::vector<float>(1000), 16000).level_dbfs, kSilenceDbfs);
  EXPECT_EQ(rms_level_dbfs({}), kSilenceDbfs);
  std::vector<float> x = white_noise(16000, 0.1f, 4);
  x[5000] = NAN, x[6000] = INFINITY;
  EXPECT_NEAR(active_level(x, 16000).level_dbfs, -20.0f, 0.3f);
  EXPECT_NEAR(rms_level_dbfs(x), -20.0f, 0.3f);
}

}  // namespace
}  // namespace pellucid::corpus
