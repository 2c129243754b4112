#include "quantization/rounding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../nn/random_model.hpp"

namespace pellucid::quantization {
namespace {

using nn::test::Random;

std::vector<double> identity(std::size_t n) {
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = 1;
  return matrix;
}

/// Of inputs that share `common` of their variance.
std::vector<double> correlated(std::size_t n, double common) {
  std::vector<double> matrix = identity(n);
  for (double& value : matrix) value = value * (1 - common) + common;
  return matrix;
}

double error_of(const std::vector<double>& covariance, const std::vector<double>& error) {
  double sum = 0;
  for (std::size_t i = 0; i < error.size(); ++i) {
    for (std::size_t j = 0; j < error.size(); ++j) sum += error[i] * covariance[i * error.size() + j] * error[j];
  }
  return sum;
}

TEST(Rounding, ScalesHoldTheStepThatTheyName) {
  for (double step = 0.3; step > 1e-4; step *= 0.77) {
    for (const double slope : {1.0, 0.25, -0.7, 3.0}) {
      double exact = 0;
      const nn::RowScale scale = make_scale(step, slope, &exact);
      EXPECT_NEAR(exact / step, 1, 4e-4) << step << ' ' << slope;
      EXPECT_EQ(exact, std::ldexp(scale.multiplier, -14 - scale.shift));
      EXPECT_NEAR(static_cast<double>(scale.negative) / scale.multiplier, slope, 5e-4);
      EXPECT_LE(std::max<int>(scale.multiplier, std::abs(scale.negative)), nn::kLargestMultiplier);
      EXPECT_GE(scale.shift, 0);
    }
  }
}

TEST(Rounding, KeepsWeightsWithinHalfAStepWhereInputsAreIndependent) {
  Random random(1);
  const Rounder rounder(identity(24));
  for (int i = 0; i < 50; ++i) {
    std::vector<double> weight(24);
    for (double& w : weight) w = 0.3 * random.uniform();
    const RoundedRow row = rounder.round(weight, 1.0);
    double worst = 0;
    for (std::size_t k = 0; k < weight.size(); ++k) {
      worst = std::max(worst, std::abs(weight[k] - row.weight[k] * row.step));
      EXPECT_LE(std::abs(row.weight[k]), 127);
    }
    EXPECT_LT(worst, 1.01 * row.step + 0.3 * 0.05);  // half a step, or what was cut off
  }
}

TEST(Rounding, MakesUpForItselfWhereInputsVaryTogether) {
  Random random(2);
  const std::size_t n = 32;
  const std::vector<double> covariance = correlated(n, 0.95);
  const Rounder rounder(covariance);
  double made_up = 0, plain = 0;
  for (int i = 0; i < 50; ++i) {
    std::vector<double> weight(n), error(n);
    for (double& w : weight) w = random.uniform();
    made_up += rounder.round(weight, 1.0).error;
    double largest = 0;
    for (const double w : weight) largest = std::max(largest, std::abs(w));
    for (std::size_t k = 0; k < n; ++k) error[k] = weight[k] - std::round(weight[k] / largest * 127) * largest / 127;
    plain += error_of(covariance, error);
  }
  EXPECT_LT(made_up, 0.25 * plain);
}

TEST(Rounding, TakesRowsOfZeros) {
  const RoundedRow row = Rounder(identity(4)).round({0, 0, 0, 0}, 1.0);
  EXPECT_EQ(row.weight, std::vector<int>(4, 0));
  EXPECT_GT(row.step, 0);
}

}  // namespace
}  // namespace pellucid::quantization
