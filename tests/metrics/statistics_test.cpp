#include "metrics/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/random.hpp"

namespace pellucid::metrics {
namespace {

TEST(Summary, IntervalOfNormalValuesIsTheTextbooks) {
  Random random(7);
  std::vector<double> values(200);
  double sum = 0, squares = 0;
  for (double& v : values) {
    v = 3.0 + 2.0 * random.normal();
    sum += v;
  }
  const double mean = sum / 200;
  for (double v : values) squares += (v - mean) * (v - mean);
  const double half = 1.96 * std::sqrt(squares / 199 / 200);
  const Summary s = summarize(values);
  EXPECT_EQ(s.count, 200U);
  EXPECT_NEAR(s.mean, mean, 1e-12);
  EXPECT_NEAR(s.low, mean - half, 0.05 * half);
  EXPECT_NEAR(s.high, mean + half, 0.05 * half);
}

TEST(Summary, CoversTheTruthAboutAsOftenAsItSays) {
  int covered = 0;
  for (int trial = 0; trial < 100; ++trial) {
    Random random(11, trial);
    std::vector<double> values(40);
    for (double& v : values) v = random.normal();
    const Summary s = summarize(values);
    covered += s.low <= 0 && 0 <= s.high;
  }
  EXPECT_GE(covered, 86);
  EXPECT_LT(covered, 100);
}

TEST(Summary, LeavesNanOutAndSaysWhatItDoesNotKnow) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {1, nan, 3};
  const Summary s = summarize(values);
  EXPECT_EQ(s.count, 2U);
  EXPECT_EQ(s.mean, 2.0);
  EXPECT_GE(s.low, 1.0);
  EXPECT_LE(s.high, 3.0);
  const std::vector<double> one = {5, nan}, none = {nan};
  EXPECT_EQ(summarize(one).mean, 5.0);
  EXPECT_TRUE(std::isnan(summarize(one).low));
  EXPECT_TRUE(std::isnan(summarize(none).mean));
  EXPECT_EQ(summarize(none).count, 0U);
  EXPECT_EQ(summarize(values).low, s.low);  // the same each time
}

TEST(SignFlip, CountsTheSignsThatAreAsFar) {
  EXPECT_EQ(sign_flip_p(std::vector<double>{1, 2, 3}), 2.0 / 8);  // all plus, all minus
  EXPECT_EQ(sign_flip_p(std::vector<double>{1, 2, -3}), 1.0);
  EXPECT_EQ(sign_flip_p(std::vector<double>{-1, -1, -1, -1, 0.5}), 4.0 / 32);
  EXPECT_EQ(sign_flip_p(std::vector<double>{0, 0, 0}), 1.0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(sign_flip_p(std::vector<double>{1, nan, 2, 3}), 2.0 / 8);
  EXPECT_TRUE(std::isnan(sign_flip_p(std::vector<double>{nan})));
}

TEST(SignFlip, AgreesWithTheNormalTestAndIsFairWithoutADifference) {
  Random random(13);
  std::vector<double> values(60);
  double sum = 0, squares = 0;
  for (double& v : values) {
    v = 0.25 + random.normal();
    sum += v;
    squares += v * v;
  }
  const double z = std::abs(sum) / std::sqrt(squares);  // the sum's deviation under random signs
  EXPECT_NEAR(sign_flip_p(values), std::erfc(z / std::sqrt(2.0)), 0.01);
  EXPECT_EQ(sign_flip_p(values), sign_flip_p(values));
  int small = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> none(12);
    for (double& v : none) v = random.normal();
    small += sign_flip_p(none) <= 0.1 ? 1 : 0;
  }
  EXPECT_NEAR(small, 40, 20);
}

}  // namespace
}  // namespace pellucid::metrics
