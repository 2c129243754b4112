// What has to hold of PESQ on any signal; reference_test.cpp holds it to the ITU's figures.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "metrics/metrics.hpp"
#include "metrics/octave_resample.hpp"
#include "signals.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {
namespace {

TEST(Pesq, IsBestForTheReferenceItself) {
  const std::vector<float> clean = voice(3);
  EXPECT_NEAR(pesq_wide_band(clean, clean, kRateHz), 4.644, 1e-3);    // 4.5 raw, mapped
  EXPECT_NEAR(pesq_narrow_band(clean, clean, kRateHz), 4.549, 1e-3);  // the same
}

TEST(Pesq, RisesWithSnrAndIgnoresTheLevel) {
  const std::vector<float> clean = voice(3), noise = white_noise(clean.size(), 21);
  double wide = 1.0, narrow = 1.0;
  for (double snr_db : {0.0, 10.0, 20.0, 30.0}) {
    const std::vector<float> noisy = add(clean, noise, snr_db);
    const double now = pesq_wide_band(clean, noisy, kRateHz);
    EXPECT_GT(now, wide) << snr_db;
    EXPECT_LT(now, 4.6);
    EXPECT_NEAR(pesq_wide_band(clean, scaled(noisy, 0.05F), kRateHz), now, 2e-3) << snr_db;
    EXPECT_NEAR(pesq_wide_band(scaled(clean, 3.0F), noisy, kRateHz), now, 2e-3) << snr_db;
    const double narrow_now = pesq_narrow_band(clean, noisy, kRateHz);
    EXPECT_GT(narrow_now, narrow) << snr_db;
    wide = now;
    narrow = narrow_now;
  }
}

TEST(Pesq, FindsADelayAndAJumpOfIt) {
  const std::vector<float> clean = voice(5), noisy = add(clean, white_noise(clean.size(), 22), 25);
  const double aligned = pesq_wide_band(clean, noisy, kRateHz);
  std::vector<float> late(noisy.size(), 0.0F);
  constexpr std::ptrdiff_t kDelay = 700;
  std::copy(noisy.begin(), noisy.end() - kDelay, late.begin() + kDelay);
  EXPECT_NEAR(pesq_wide_band(clean, late, kRateHz), aligned, 0.1);
}

TEST(Pesq, BringsHigherRatesDown) {
  const std::vector<float> clean = voice(3), noisy = add(clean, white_noise(clean.size(), 23), 15);
  const auto up = [](const std::vector<float>& x) {
    const std::vector<double> y = octave_resample(x, kRateHz, 48000);
    return std::vector<float>(y.begin(), y.end());
  };
  EXPECT_NEAR(pesq_wide_band(up(clean), up(noisy), 48000), pesq_wide_band(clean, noisy, kRateHz), 0.05);
}

TEST(Pesq, IsUndefinedForSilenceAndForWhatIsTooShortOrTooLong) {
  const std::vector<float> clean = voice(2), silence(clean.size(), 0.0F);
  for (const auto pesq : {pesq_wide_band, pesq_narrow_band}) {
    const auto measure = [&](const auto& x, const auto& y, int rate_hz) { return pesq(x, y, rate_hz, nullptr); };
    EXPECT_TRUE(std::isnan(measure(silence, clean, kRateHz)));
    EXPECT_TRUE(std::isnan(measure(clean, silence, kRateHz)));
    EXPECT_TRUE(std::isnan(measure(silence, silence, kRateHz)));
    EXPECT_TRUE(std::isnan(measure(clean, clean, 8000)));
    const std::vector<float> word = voice(0.2), one(1, 0.5F), hour(16000 * 300, 0.01F);
    EXPECT_TRUE(std::isnan(measure(word, word, kRateHz)));
    EXPECT_TRUE(std::isnan(measure(one, one, kRateHz)));
    EXPECT_TRUE(std::isnan(measure(hour, hour, kRateHz)));
  }
}

TEST(Pesq, SaysWhyItIsUndefined) {
  const std::vector<float> clean = voice(2), silence(clean.size(), 0.0F), word = voice(0.2), hour(kRateHz * 300, 0.01F);
  std::vector<float> cough(clean.size(), 0.0F);
  const std::vector<float> burst = white_noise(kRateHz / 10, 25);
  std::copy(burst.begin(), burst.end(), cough.begin() + kRateHz);
  const auto why = [](const std::vector<float>& reference, const std::vector<float>& estimate, int rate_hz = kRateHz) {
    const char* undefined = "";
    EXPECT_TRUE(std::isnan(pesq_wide_band(reference, estimate, rate_hz, &undefined)));
    return std::string(undefined);
  };
  EXPECT_EQ(why(clean, clean, 8000), "it is sampled below 16 kHz");
  EXPECT_EQ(why(word, word), "it is shorter than 0.25 s");
  EXPECT_EQ(why(hour, hour), "it is longer than 240 s");
  EXPECT_EQ(why(silence, clean), "the clean one is silent");
  EXPECT_EQ(why(clean, silence), "it is silent");
  EXPECT_EQ(why(cough, clean), "the clean one has no 200 ms of speech in one piece");
  const char* undefined = nullptr;
  pesq_wide_band(clean, clean, kRateHz, &undefined);
  EXPECT_EQ(undefined, nullptr);
}

TEST(Pesq, RefusesWhatCannotBeCompared) {
  const std::vector<float> clean = voice(1);
  std::vector<float> shorter(clean.begin(), clean.end() - 1), broken = clean;
  EXPECT_THROW(pesq_wide_band(clean, shorter, kRateHz), Error);
  EXPECT_THROW(pesq_wide_band(clean, clean, 0), Error);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    broken[77] = bad;
    try {
      pesq_wide_band(clean, broken, kRateHz);
      ADD_FAILURE() << "accepted " << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kInput);
      EXPECT_NE(std::string(error.what()).find("sample 77"), std::string::npos) << error.what();
    }
    EXPECT_THROW(pesq_narrow_band(broken, clean, kRateHz), Error);
  }
}

TEST(Pesq, StaysFiniteOnOddSignals) {
  const std::vector<float> clean = voice(2), noise = white_noise(clean.size(), 24);
  std::vector<float> click(clean.size(), 0.0F), constant(clean.size(), 0.3F), square(clean.size());
  click[9000] = 1.0F;
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i % 200 < 100 ? 1.0F : -1.0F;
  for (const std::vector<float>& odd : {click, constant, square, scaled(noise, 1e-6F), scaled(noise, 1e6F)}) {
    for (const double value : {pesq_wide_band(clean, odd, kRateHz), pesq_wide_band(odd, clean, kRateHz)}) {
      EXPECT_TRUE(std::isnan(value) || (value >= 0.999 && value <= 4.7)) << value;
    }
  }
}

}  // namespace
}  // namespace pellucid::metrics
