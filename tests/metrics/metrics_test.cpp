// Properties that hold by definition, whatever the signal.
#include "metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "metrics/octave_resample.hpp"
#include "signals.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {
namespace {

TEST(SiSdr, EqualsTheSnrWhenTheNoiseIsOrthogonal) {
  std::vector<float> clean(1600), noise(1600);
  for (std::size_t i = 0; i < clean.size(); ++i) {  // whole periods: zero mean and orthogonal
    clean[i] = static_cast<float>(std::sin(2 * std::numbers::pi * 5.0 * static_cast<double>(i) / 1600));
    noise[i] = static_cast<float>(std::cos(2 * std::numbers::pi * 9.0 * static_cast<double>(i) / 1600));
  }
  for (double snr_db : {-20.0, -3.0, 0.0, 12.5, 40.0}) {
    EXPECT_NEAR(si_sdr(clean, add(clean, noise, snr_db)), snr_db, 1e-3);
  }
}

TEST(SiSdr, IgnoresScaleAndOffset) {
  const std::vector<float> clean = voice(1), noisy = add(clean, white_noise(clean.size(), 1), 5);
  const double expected = si_sdr(clean, noisy);
  EXPECT_NEAR(si_sdr(clean, scaled(noisy, 0.01F)), expected, 1e-4);
  EXPECT_NEAR(si_sdr(clean, scaled(noisy, -3.0F)), expected, 1e-4);
  EXPECT_NEAR(si_sdr(scaled(clean, 7.0F), noisy), expected, 1e-4);
  std::vector<float> shifted = noisy;
  for (float& v : shifted) v += 0.25F;
  EXPECT_NEAR(si_sdr(clean, shifted), expected, 1e-3);
}

TEST(SiSdr, IsLimitedAndUndefinedWithoutReference) {
  const std::vector<float> clean = voice(0.5), silence(clean.size(), 0.0F);
  EXPECT_EQ(si_sdr(clean, clean), 100.0);
  EXPECT_EQ(si_sdr(clean, silence), -100.0);
  EXPECT_TRUE(std::isnan(si_sdr(silence, clean)));
}

TEST(Stoi, IsOneForTheReferenceItself) {
  const std::vector<float> clean = voice(2);
  EXPECT_NEAR(stoi(clean, clean, kRateHz), 1.0, 1e-9);
  EXPECT_NEAR(estoi(clean, clean, kRateHz), 1.0, 1e-9);
}

TEST(Stoi, RisesWithSnrAndIgnoresTheEstimatesScale) {
  const std::vector<float> clean = voice(3), noise = white_noise(clean.size(), 2);
  Intelligibility last{-1, -1};
  for (double snr_db : {-10.0, -5.0, 0.0, 5.0, 10.0, 20.0}) {
    const std::vector<float> noisy = add(clean, noise, snr_db);
    const Intelligibility now = intelligibility(clean, noisy, kRateHz);
    EXPECT_GT(now.stoi, last.stoi) << snr_db;
    EXPECT_GT(now.estoi, last.estoi) << snr_db;
    EXPECT_LE(now.stoi, 1.0);
    EXPECT_LE(now.estoi, 1.0);
    EXPECT_NEAR(stoi(clean, scaled(noisy, 0.1F), kRateHz), now.stoi, 1e-6);
    EXPECT_EQ(stoi(clean, noisy, kRateHz), now.stoi);
    EXPECT_EQ(estoi(clean, noisy, kRateHz), now.estoi);
    last = now;
  }
}

TEST(Stoi, LeavesSilenceOfTheReferenceOut) {
  // Noise in a long pause of the reference does not count.
  std::vector<float> clean = voice(2);
  const std::vector<float> noisy = add(clean, white_noise(clean.size(), 3), 10);
  const double expected = stoi(clean, noisy, kRateHz);
  std::vector<float> longer = clean, louder = noisy;
  const std::vector<float> pause = white_noise(kRateHz * 3, 4);
  longer.resize(clean.size() + pause.size(), 0.0F);
  louder.insert(louder.end(), pause.begin(), pause.end());
  EXPECT_NEAR(stoi(longer, louder, kRateHz), expected, 0.01);
}

TEST(Stoi, IsUndefinedForSilenceAndForTooLittleSpeech) {
  const std::vector<float> silence(kRateHz, 0.0F), noise = white_noise(kRateHz, 5);
  EXPECT_TRUE(std::isnan(stoi(silence, noise, kRateHz)));
  const std::vector<float> word = voice(0.3);
  EXPECT_TRUE(std::isnan(stoi(word, word, kRateHz)));
  EXPECT_TRUE(std::isnan(estoi(std::vector<float>(1, 1.0F), std::vector<float>(1, 1.0F), kRateHz)));
  EXPECT_LT(stoi(voice(2), std::vector<float>(2 * kRateHz, 0.0F), kRateHz), 0.05);
}

TEST(SegmentalSnr, StaysInItsRange) {
  const std::vector<float> clean = voice(1), noise = white_noise(clean.size(), 6);
  EXPECT_NEAR(segmental_snr(clean, clean, kRateHz), 35.0, 1e-9);
  EXPECT_NEAR(segmental_snr(clean, add(clean, noise, -60), kRateHz), -10.0, 1e-9);
  // An estimate of half the amplitude leaves half of it as error: 6.02 dB in every frame.
  EXPECT_NEAR(segmental_snr(noise, scaled(noise, 0.5F), kRateHz), 6.0206, 1e-3);
  EXPECT_TRUE(std::isnan(segmental_snr(std::vector<float>(100, 1.0F), std::vector<float>(100, 1.0F), kRateHz)));
}

TEST(LogSpectralDistance, IsZeroForEqualSignalsAndTheGainForAScaledOne) {
  const std::vector<float> noise = white_noise(kRateHz, 7);
  EXPECT_EQ(log_spectral_distance(noise, noise, kRateHz), 0.0);
  EXPECT_NEAR(log_spectral_distance(noise, scaled(noise, 0.5F), kRateHz), 6.0206, 1e-3);
  EXPECT_NEAR(log_spectral_distance(noise, scaled(noise, 2.0F), 44100), 6.0206, 1e-3);
  // Against silence only the floor, 80 dB below the loudest bin, is left: less than that for every bin.
  const double silent = log_spectral_distance(noise, std::vector<float>(noise.size(), 0.0F), kRateHz);
  EXPECT_GT(silent, 60.0);
  EXPECT_LT(silent, 80.0);
  EXPECT_TRUE(std::isnan(log_spectral_distance(std::vector<float>(noise.size(), 0.0F), noise, kRateHz)));
}

TEST(LogSpectralDistance, FallsWithSnrAndTakesTheShortestSignal) {
  const std::vector<float> clean = voice(1), noise = white_noise(clean.size(), 8);
  double last = 1e9;
  for (double snr_db : {-10.0, 0.0, 10.0, 20.0, 40.0}) {
    const double now = log_spectral_distance(clean, add(clean, noise, snr_db), kRateHz);
    EXPECT_LT(now, last);
    EXPECT_GT(now, 0.0);
    last = now;
  }
  const std::vector<float> one(3, 0.5F);
  EXPECT_EQ(log_spectral_distance(one, one, kRateHz), 0.0);
}

TEST(WeightedSpectralSlope, IsZeroForEqualSignalsBlindToGainAndFallsWithSnr) {
  const std::vector<float> clean = voice(1), noise = white_noise(clean.size(), 9);
  EXPECT_EQ(weighted_spectral_slope(clean, clean, kRateHz), 0.0);
  EXPECT_NEAR(weighted_spectral_slope(noise, scaled(noise, 0.25F), kRateHz), 0.0, 1e-6);
  double last = 1e9;
  for (double snr_db : {-10.0, 0.0, 10.0, 20.0, 40.0}) {
    const double now = weighted_spectral_slope(clean, add(clean, noise, snr_db), kRateHz);
    EXPECT_LT(now, last);
    EXPECT_GT(now, 0.0);
    last = now;
  }
  const std::vector<float> silence(clean.size(), 0.0F);
  EXPECT_EQ(weighted_spectral_slope(silence, silence, kRateHz), 0.0);
  EXPECT_TRUE(std::isfinite(weighted_spectral_slope(silence, clean, kRateHz)));
  EXPECT_TRUE(std::isnan(weighted_spectral_slope(clean, clean, 4000)));
  EXPECT_TRUE(
      std::isnan(weighted_spectral_slope(std::vector<float>(500, 0.1F), std::vector<float>(500, 0.1F), kRateHz)));
}

TEST(LogLikelihoodRatio, IsZeroForEqualSpectraAndFallsWithSnr) {
  const std::vector<float> noise = white_noise(kRateHz, 10);
  std::vector<float> clean = white_noise(noise.size(), 12);  // with a spectrum that falls by 25 dB
  for (std::size_t i = 1; i < clean.size(); ++i) clean[i] += 0.9F * clean[i - 1];
  EXPECT_NEAR(log_likelihood_ratio(clean, clean, kRateHz), 0.0, 1e-12);
  EXPECT_NEAR(log_likelihood_ratio(noise, scaled(noise, 0.25F), kRateHz), 0.0, 1e-6);
  double last = 2.0;
  for (double snr_db : {-10.0, 0.0, 10.0, 20.0, 40.0}) {
    const double now = log_likelihood_ratio(clean, add(clean, noise, snr_db), kRateHz);
    EXPECT_LE(now, last) << snr_db;
    EXPECT_GT(now, 0.0);
    last = now;
  }
  EXPECT_LT(last, 0.1);
}

TEST(LogLikelihoodRatio, LeavesSilenceOfTheReferenceOut) {
  const std::vector<float> clean = voice(1), noise = white_noise(clean.size(), 11), silence(clean.size(), 0.0F);
  std::vector<float> longer = clean, noisy = add(clean, noise, 10), noisy_longer = noisy;
  longer.insert(longer.end(), silence.begin(), silence.end());
  noisy_longer.insert(noisy_longer.end(), noise.begin(), noise.end());
  EXPECT_NEAR(log_likelihood_ratio(longer, noisy_longer, kRateHz), log_likelihood_ratio(clean, noisy, kRateHz), 0.02);
  EXPECT_TRUE(std::isnan(log_likelihood_ratio(silence, clean, kRateHz)));
  EXPECT_GT(log_likelihood_ratio(clean, silence, kRateHz), 1.0);
  EXPECT_TRUE(std::isnan(log_likelihood_ratio(std::vector<float>(500, 0.1F), std::vector<float>(500, 0.1F), kRateHz)));
}

TEST(CompositeMeasures, StayBetweenOneAndFive) {
  const Composite best = composite(4.64, 0, 0, 35), worst = composite(1.0, 2, 120, -10);
  for (double mos : {best.csig, best.cbak, best.covl}) EXPECT_EQ(mos, 5.0);
  for (double mos : {worst.csig, worst.covl}) EXPECT_EQ(mos, 1.0);
  EXPECT_GE(worst.cbak, 1.0);
  EXPECT_TRUE(std::isnan(composite(std::nan(""), 1, 1, 1).covl));
  EXPECT_FALSE(std::isnan(composite(2, std::nan(""), 1, 1).cbak));
}

TEST(Measures, RefuseWhatCannotBeCompared) {
  const std::vector<float> a(1000, 0.1F), b(999, 0.1F), none;
  EXPECT_THROW(si_sdr(a, b), Error);
  EXPECT_THROW(stoi(a, b, kRateHz), Error);
  EXPECT_THROW(segmental_snr(a, b, kRateHz), Error);
  EXPECT_THROW(si_sdr(none, none), Error);
  EXPECT_THROW(stoi(a, a, 0), Error);
}

TEST(OctaveResample, KeepsATonesLevelAndPhase) {
  for (int from_hz : {8000, 16000, 22050, 44100, 48000}) {
    std::vector<float> x(static_cast<std::size_t>(from_hz));
    const auto tone = [](double t) { return std::sin(2 * std::numbers::pi * 1000 * t); };
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(tone(static_cast<double>(i) / from_hz));
    const std::vector<double> y = octave_resample(x, from_hz, 10000);
    ASSERT_EQ(y.size(), 10000U) << from_hz;
    for (std::size_t i = 500; i < 9500; ++i) ASSERT_NEAR(y[i], tone(static_cast<double>(i) / 10000), 2e-3) << from_hz;
  }
  EXPECT_EQ(octave_resample(std::vector<float>(17, 1.0F), 16000, 10000).size(), 11U);  // ceil(17 * 5 / 8)
}

}  // namespace
}  // namespace pellucid::metrics
