#include "corpus/mix.hpp"

#include <gtest/gtest.h>

#include "corpus/mix_exact.hpp"
#include "mix_memory.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kRate = 16000;

std::vector<float> scaled(std::span<const float> x, float gain) {
  std::vector<float> y(x.begin(), x.end());
  for (float& v : y) v *= gain;
  return y;
}

double noise_level_dbfs(std::span<const float> x) { return 20 * std::log10(rms(x)); }

TEST(Mix, SnrHoldsByBothDefinitions) {
  const auto speech = talk(1, 4 * kRate), noise = hiss(2, speech.size());
  for (const SnrMode mode : {SnrMode::kActive, SnrMode::kRms}) {
    for (const double snr_db : {-10.0, 0.0, 7.5, 20.0, 40.0}) {
      for (const double level_dbfs : {-60.0, -33.3, -20.0}) {
        const MixGains gains = solve_gains({speech, speech, noise}, kRate, {snr_db, level_dbfs, 0, mode});
        const auto clean = scaled(speech, gains.speech);
        const double level = speech_level_dbfs(clean, kRate, mode);
        EXPECT_NEAR(level, level_dbfs, 0.2);
        EXPECT_NEAR(level, gains.level_dbfs, 1e-3);
        EXPECT_NEAR(level - noise_level_dbfs(scaled(noise, gains.noise)), snr_db, 0.01);
        EXPECT_EQ(gains.scale, 1);
      }
    }
  }
}

TEST(Mix, TheTwoDefinitionsDifferByThePauses) {
  auto speech = talk(1, 2 * kRate);
  speech.resize(4 * kRate, 0.0f);  // half of it says nothing
  const double active = speech_level_dbfs(speech, kRate, SnrMode::kActive);
  const double plain = speech_level_dbfs(speech, kRate, SnrMode::kRms);
  EXPECT_GT(active - plain, 2);
}

TEST(Mix, PeaksBringBothDownTogether) {
  const auto speech = talk(1, 4 * kRate), noise = hiss(2, speech.size());
  const MixGains gains = solve_gains({speech, speech, noise}, kRate, {0, -3, 0.99, SnrMode::kActive});
  EXPECT_LT(gains.scale, 1);
  double top = 0;
  for (std::size_t i = 0; i < speech.size(); ++i)
    top = std::max(top, std::fabs(static_cast<double>(gains.speech * speech[i] + gains.noise * noise[i])));
  EXPECT_NEAR(top, 0.99, 0.005);
  const double level = speech_level_dbfs(scaled(speech, gains.speech), kRate, SnrMode::kActive);
  EXPECT_NEAR(level - noise_level_dbfs(scaled(noise, gains.noise)), 0, 0.01);
  EXPECT_NEAR(level, -3 + 20 * std::log10(gains.scale), 0.2);
}

TEST(Mix, PeaksStayBelowTheLimitWhenTheMeasureMovesWithTheGain) {
  // Levels spread over 50 dB have no clear pauses: what P.56 finds then moves by tenths of a decibel with the gain.
  double widest_db = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random rng(seed);
    auto speech = hiss(seed, 2 * kRate);
    for (std::size_t start = 0; start < speech.size(); start += 4000) {
      const auto gain = static_cast<float>(std::pow(10, rng.uniform(-2.5, 0)));
      for (std::size_t i = start; i < start + 4000; ++i) speech[i] *= gain;
    }
    const auto noise = hiss(seed + 100, speech.size());
    const MixGains gains = solve_gains({speech, speech, noise}, kRate, {-10, -3, 0.99, SnrMode::kActive});
    double top = 0;
    for (std::size_t i = 0; i < speech.size(); ++i)
      top = std::max(top, std::fabs(static_cast<double>(gains.speech * speech[i] + gains.noise * noise[i])));
    EXPECT_LT(top, 0.9915);
    const double level = speech_level_dbfs(scaled(speech, gains.speech), kRate, SnrMode::kActive);
    EXPECT_NEAR(level - noise_level_dbfs(scaled(noise, gains.noise)), -10, 0.01);
    widest_db = std::max(widest_db, std::fabs(level - (-3 + 20 * std::log10(gains.scale))));
  }
  EXPECT_GT(widest_db, 0.1) << "otherwise this test shows nothing";
}

TEST(Mix, ThePeakIsFoundWhereverItLies) {
  EXPECT_EQ(peak({}), 0);
  std::vector<float> x(37);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? 0.1f : -0.1f;
  for (float& v : x) {
    const float before = std::exchange(v, -0.5f);
    EXPECT_EQ(peak(x), 0.5f);
    v = std::nanf("");
    EXPECT_EQ(peak(x), 0.1f);
    v = before;
  }
}

TEST(Mix, SilenceOnEitherSideStaysSilence) {
  const auto speech = talk(1, kRate), noise = hiss(2, kRate);
  const std::vector<float> silence(kRate, 0.0f);
  const MixGains no_noise = solve_gains({speech, speech, silence}, kRate, {});
  EXPECT_EQ(no_noise.noise, 0);
  EXPECT_GT(no_noise.speech, 0);
  const MixGains no_speech = solve_gains({silence, silence, noise}, kRate, {10, -30, 0.99, SnrMode::kActive});
  EXPECT_EQ(no_speech.speech, 0);
  EXPECT_NEAR(noise_level_dbfs(scaled(noise, no_speech.noise)), -40, 0.01);
}

void expect_exact(const ExactMixture& mixture, const ExactRequest& request) {
  const auto noise = difference(mixture.noisy, mixture.clean);
  const double snr_db = speech_level_dbfs(mixture.clean, kRate, request.mode) - noise_level_dbfs(noise);
  EXPECT_NEAR(snr_db, request.snr_db, 0.05);
  const float steps = std::ldexp(1.0f, request.bits - 1);
  for (const float v : mixture.noisy) ASSERT_EQ(v * steps, std::round(v * steps));
  for (const float v : mixture.clean) ASSERT_EQ(v * steps, std::round(v * steps));
}

TEST(MixExact, SnrHoldsForTheIntegersThatAreWritten) {
  const auto speech = talk(3, 3 * kRate), noise = hiss(4, speech.size());
  for (const SnrMode mode : {SnrMode::kActive, SnrMode::kRms}) {
    for (const double snr_db : {-15.0, 0.0, 20.0, 45.0}) {
      for (const double level_dbfs : {-50.0, -26.0, -3.0}) {
        const ExactRequest request{snr_db, level_dbfs, mode, false, 16};
        SCOPED_TRACE(fmt::format("{} dB at {} dBFS", snr_db, level_dbfs));
        const ExactMixture mixture = mix_exactly(speech, noise, kRate, request);
        expect_exact(mixture, request);
        EXPECT_LT(peak(mixture.noisy), 0.9999);
        EXPECT_NEAR(mixture.level_dbfs, level_dbfs + 20 * std::log10(mixture.scale), 0.3);
      }
    }
  }
}

TEST(MixExact, FaintNoiseIsRaisedAboveTheSteps) {
  const auto speech = talk(3, 2 * kRate), noise = hiss(4, speech.size());
  const ExactRequest request{60, -50, SnrMode::kActive, false, 16};  // noise 12 dB below a step
  const ExactMixture mixture = mix_exactly(speech, noise, kRate, request);
  EXPECT_GT(mixture.scale, 1);
  expect_exact(mixture, request);
  const ExactRequest finer{60, -50, SnrMode::kActive, false, 24};
  const ExactMixture kept = mix_exactly(speech, noise, kRate, finer);
  EXPECT_EQ(kept.scale, 1);
  expect_exact(kept, finer);
}

TEST(MixExact, WhatCannotBeHeldIsRefused) {
  const auto speech = talk(3, kRate), noise = hiss(4, kRate);
  const std::vector<float> silence(kRate, 0.0f);
  const auto code_of = [&](std::span<const float> s, std::span<const float> n, double snr_db) {
    try {
      mix_exactly(s, n, kRate, {snr_db, -26, SnrMode::kActive, false, 16});
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::kOk;
  };
  EXPECT_EQ(code_of(speech, noise, 120), ExitCode::kUsage);
  EXPECT_EQ(code_of(silence, noise, 10), ExitCode::kCorpus);
  EXPECT_EQ(code_of(speech, silence, 10), ExitCode::kCorpus);
  EXPECT_EQ(code_of(speech, noise, 10), ExitCode::kOk);
}

TEST(MixExact, ClippingOnlyWhenItIsAllowed) {
  const auto speech = talk(3, 2 * kRate), noise = hiss(4, speech.size());
  const ExactMixture kept = mix_exactly(speech, noise, kRate, {0, -3, SnrMode::kActive, true, 16});
  EXPECT_EQ(kept.scale, 1);
  const auto at_the_top =
      std::count_if(kept.noisy.begin(), kept.noisy.end(), [](float v) { return std::fabs(v) > 0.9999f; });
  EXPECT_GT(at_the_top, 100);
  const ExactMixture within = mix_exactly(speech, noise, kRate, {0, -3, SnrMode::kActive, false, 16});
  EXPECT_LT(within.scale, 1);
  EXPECT_LT(peak(within.noisy), 0.9999);
}

}  // namespace
}  // namespace pellucid::corpus
