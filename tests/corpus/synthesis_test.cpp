#include "corpus/synthesis.hpp"

#include <gtest/gtest.h>

#include <complex>

#include "corpus/mix.hpp"
#include "mix_memory.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kRate = 16000;

std::vector<float> make(SyntheticNoise kind, std::uint64_t seed, std::size_t size = 5 * kRate, int rate_hz = kRate) {
  std::vector<float> x(size);
  Random rng(seed);
  synthesize(kind, rng, rate_hz, x);
  return x;
}

// Decibels an octave between two octave bands, by densities.
double slope_db(const std::vector<float>& x, double low_hz, double high_hz) {
  const Spectrum spectrum(x, kRate);
  const double octaves = std::log2(high_hz / low_hz);
  return (db(spectrum.density(high_hz / 1.4, high_hz * 1.4)) - db(spectrum.density(low_hz / 1.4, low_hz * 1.4))) /
         octaves;
}

double spread_db(const std::vector<float>& x, std::size_t frame) {
  const auto levels = frame_levels_db(x, frame);
  return levels[levels.size() * 9 / 10] - levels[levels.size() / 10];
}

TEST(Synthesis, EveryKindHasItsLevelAndDependsOnTheSeedOnly) {
  for (const SyntheticNoise kind : kSyntheticNoises) {
    SCOPED_TRACE(std::string(name_of(kind)));
    EXPECT_EQ(synthetic_noise(name_of(kind)), kind);
    for (const int rate_hz : {8000, 16000, 48000}) {
      const auto a = make(kind, 5, 30000, rate_hz), b = make(kind, 5, 30000, rate_hz),
                 c = make(kind, 6, 30000, rate_hz);
      EXPECT_EQ(a, b);
      EXPECT_NE(a, c);
      EXPECT_NEAR(rms(a), 0.1, 1e-5);
      for (const float v : a) ASSERT_TRUE(std::isfinite(v));
    }
  }
  EXPECT_FALSE(synthetic_noise("whit").has_value());
}

TEST(Synthesis, WhiteIsFlatAndUncorrelated) {
  const auto x = make(SyntheticNoise::kWhite, 1);
  const Spectrum spectrum(x, kRate);
  const double whole = spectrum.density(50, 7950);
  for (double hz = 125; hz < 8000; hz *= 2) EXPECT_NEAR(db(spectrum.density(hz, hz * 2) / whole), 0, 1) << hz;
  double product = 0;
  for (std::size_t i = 1; i < x.size(); ++i) product += static_cast<double>(x[i]) * static_cast<double>(x[i - 1]);
  EXPECT_LT(std::fabs(product / static_cast<double>(x.size()) / 0.01), 0.02);
}

TEST(Synthesis, PinkFallsByThreeDecibelsAnOctave) {
  const auto x = make(SyntheticNoise::kPink, 2, 20 * kRate);
  EXPECT_NEAR(slope_db(x, 100, 3000), -3.01, 0.4);
  EXPECT_NEAR(slope_db(x, 100, 500), -3.01, 0.8);
  EXPECT_NEAR(slope_db(x, 600, 3000), -3.01, 0.8);
}

TEST(Synthesis, BrownFallsBySixDecibelsAnOctave) {
  const auto x = make(SyntheticNoise::kBrown, 3, 20 * kRate);
  EXPECT_NEAR(slope_db(x, 100, 3000), -6.02, 0.6);
  EXPECT_NEAR(slope_db(x, 100, 500), -6.02, 1);
}

TEST(Synthesis, TiltIsTheSlopeThatWasAsked) {
  for (const double slope : {-9.0, -4.5, -1.5, 1.5, 3.0}) {
    std::vector<float> x(20 * kRate);
    Random rng(4);
    tilted_noise(slope, rng, kRate, x);
    EXPECT_NEAR(slope_db(x, 150, 3000), slope, 0.8);
  }
}

TEST(Synthesis, ColouredNoiseTakesSlopesOnBothSides) {
  bool falls = false, rises = false;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const double slope = slope_db(make(SyntheticNoise::kColoured, seed), 150, 3000);
    EXPECT_GT(slope, -10);
    EXPECT_LT(slope, 4);
    falls |= slope < -4;
    rises |= slope > -2;
  }
  EXPECT_TRUE(falls);
  EXPECT_TRUE(rises);
}

TEST(Synthesis, HumIsMainsAndItsHarmonics) {
  bool fifty = false, sixty = false;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto x = make(SyntheticNoise::kHum, seed, kRate);
    // One second: bins of 1 Hz. The drift stays within 0.3 Hz of the mains, 7.5 Hz at harmonic 25.
    const auto power_at = [&](int hz) {
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        sum += std::polar(static_cast<double>(x[i]), -2 * std::numbers::pi * hz * static_cast<double>(i) / kRate);
      return 2 * std::norm(sum) / static_cast<double>(x.size()) / static_cast<double>(x.size());
    };
    double best = 0;
    for (const int mains : {50, 60}) {
      double sum = 0;
      for (int h = 1; h <= 25; ++h)
        for (int hz = h * mains - 2 - h / 3; hz <= h * mains + 2 + h / 3; ++hz) sum += power_at(hz);
      const double share = sum / 0.01;
      best = std::max(best, share);
      (mains == 50 ? fifty : sixty) |= share > 0.9;
    }
    EXPECT_GT(best, 0.9) << "seed " << seed;
  }
  EXPECT_TRUE(fifty);
  EXPECT_TRUE(sixty);
}

TEST(Synthesis, WindRumblesInGusts) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto x = make(SyntheticNoise::kWind, seed, 8 * kRate);
    EXPECT_GT(Spectrum(x, kRate).share_below(600), 0.8) << seed;
    EXPECT_GT(spread_db(x, kRate / 5), 5) << seed;
  }
}

TEST(Synthesis, FanIsSteadyAndCoversTheBand) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto x = make(SyntheticNoise::kFan, seed);
    EXPECT_LT(spread_db(x, kRate / 5), 5) << seed;
    EXPECT_GT(db(Spectrum(x, kRate).density(3000, 6000) / Spectrum(x, kRate).density(80, 8000)), -40) << seed;
  }
}

TEST(Synthesis, ClicksAreShortAndSparse) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto x = make(SyntheticNoise::kClicks, seed);
    EXPECT_GT(20 * std::log10(peak(x) / 0.1), 14) << "crest factor, seed " << seed;
    const auto levels = frame_levels_db(x, kRate / 50);
    EXPECT_LT(levels[levels.size() / 2], -20 - 6) << "most of the time there is next to nothing, seed " << seed;
  }
}

TEST(Synthesis, KeysStrikeAsOftenAsATypist) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto x = make(SyntheticNoise::kKeys, seed, 10 * kRate);
    const double threshold = peak(x) * 0.1;
    int strikes = 0;
    std::size_t quiet = kRate;
    for (const float v : x) {
      if (std::fabs(static_cast<double>(v)) > threshold) {
        if (quiet > kRate / 33) ++strikes;
        quiet = 0;
      } else {
        ++quiet;
      }
    }
    EXPECT_GE(strikes, 10) << seed;
    EXPECT_LE(strikes, 200) << seed;
    EXPECT_GT(20 * std::log10(peak(x) / 0.1), 10) << seed;
  }
}

TEST(Synthesis, TransientsStayWithinTheirAmplitude) {
  for (const SyntheticNoise kind : {SyntheticNoise::kClicks, SyntheticNoise::kKeys}) {
    std::vector<float> x(2 * kRate, 0.0f);
    Random rng(9);
    add_transients(kind, rng, kRate, 0.25f, x);
    EXPECT_GT(peak(x), 0.01);
    EXPECT_LT(peak(x), 1.0);
    const auto zeros = std::count(x.begin(), x.end(), 0.0f);
    EXPECT_GT(zeros, kRate / 2) << "silence between them stays silence";
  }
}

}  // namespace
}  // namespace pellucid::corpus
