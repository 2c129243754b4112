#include "training/loss_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace pellucid::training {
namespace {

TEST(LossWeights, BinsFollowTheErbRate) {
  LossOptions options;
  for (const float w : bin_weights(options, 256, 16000)) EXPECT_FLOAT_EQ(w, 1);
  options.erb = 1;
  const auto weights = bin_weights(options, 256, 16000);
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 256, 1e-3);
  // An ERB is 24.7 (4.37 kHz + 1) Hz wide: 132.6 Hz at 1 kHz, 456.5 Hz at 4 kHz.
  EXPECT_NEAR(weights[32] / weights[128], 456.5 / 132.6, 0.05);
  options.erb = 0.5;
  EXPECT_NEAR(bin_weights(options, 256, 16000)[32] / bin_weights(options, 256, 16000)[128], std::sqrt(456.5 / 132.6),
              0.01);
}

TEST(LossWeights, ClipsCountAlikeAtAnyLevel) {
  LossOptions options;
  const double compression = 0.3, reference = std::pow(10, -2.5) * 1000;
  EXPECT_EQ(clip_weight(options, compression, 7.0, 9.0, 1000), 1);
  options.level = 1;
  EXPECT_NEAR(clip_weight(options, compression, reference, 0, 1000), 1, 1e-9);
  // The squared error of a spectrum compressed by 0.3 falls by 20 * 0.6 = 12 dB for 20 dB less level.
  EXPECT_NEAR(clip_weight(options, compression, reference * 0.01, 0, 1000), std::pow(10, 0.6), 1e-6);
  EXPECT_NEAR(clip_weight(options, compression, 0, reference, 1000), std::pow(10, 0.6), 1e-6) << "noise alone";
  EXPECT_TRUE(std::isfinite(clip_weight(options, compression, 0, 0, 1000)));
}

}  // namespace
}  // namespace pellucid::training
