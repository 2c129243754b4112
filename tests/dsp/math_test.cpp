#include "dsp/math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference.hpp"

namespace pellucid::dsp {
namespace {

double relative_error(double value, double expected) { return std::abs(value - expected) / std::abs(expected); }

TEST(Math, Exp2) {
  double worst = 0;
  for (double x = -125; x <= 125; x += 0.00137) {
    const float f = static_cast<float>(x);
    worst = std::max(worst, relative_error(exp2_of(f), std::exp2(double{f})));
  }
  EXPECT_LT(worst, 1.5e-7);
  EXPECT_EQ(exp2_of(3.0f), 8.0f);
  EXPECT_EQ(exp2_of(-1000.0f), 0x1p-126f);
  EXPECT_EQ(exp2_of(1000.0f), 0x1p126f);
}

TEST(Math, Exp) {
  double worst = 0;
  for (double x = -80; x <= 80; x += 0.00091) {
    const float f = static_cast<float>(x);
    worst = std::max(worst, relative_error(exp_of(f), std::exp(double{f})));
  }
  EXPECT_LT(worst, 3e-7);
  EXPECT_EQ(exp_of(0.0f), 1.0f);
}

TEST(Math, Log2) {
  double worst = 0;
  for (double e = -120; e <= 120; e += 0.0013) {
    const float x = static_cast<float>(std::exp2(e));
    const double expected = std::log2(double{x});
    worst = std::max(worst, std::abs(log2_of(x) - expected) / std::max(0.5, std::abs(expected)));
  }
  EXPECT_LT(worst, 2e-7);
  EXPECT_EQ(log2_of(1.0f), 0.0f);
  EXPECT_EQ(log2_of(1024.0f), 10.0f);
}

TEST(Math, PowerOfTheCompression) {
  // Exponents of compression and of its undoing for c from 0.1 to 1, over what |X|² can be.
  for (const double c : {0.3, 0.1, 0.2, 0.5, 0.6, 1.0}) {
    for (const double y : {(c - 1) / 2, c / 2, (1 / c - 1) / 2, 1 / c}) {
      if (std::abs(y) > 1.5) continue;
      const Power power = make_power(y);
      double worst = 0;
      for (double e = -13; e <= 18; e += 0.00037) {
        const float x = static_cast<float>(std::pow(10.0, e));
        worst = std::max(worst, relative_error(pow_of(x, power), std::pow(double{x}, y)));
      }
      EXPECT_LT(worst, 2e-7) << "exponent " << y;
    }
  }
}

TEST(Math, PowerSaturates) {
  const Power power = make_power(7.0);
  EXPECT_GT(pow_of(1e30f, power), 1e36f);
  EXPECT_TRUE(std::isfinite(pow_of(1e30f, power)));
  EXPECT_LT(pow_of(1e-30f, power), 1e-36f);
}

TEST(Math, SigmoidAndTanh) {
  double worst_sigmoid = 0, worst_tanh = 0;
  for (double x = -100; x <= 100; x += 0.00071) {
    const float f = static_cast<float>(x);
    worst_sigmoid = std::max(worst_sigmoid, std::abs(sigmoid_of(f) - 1 / (1 + std::exp(-double{f}))));
    worst_tanh = std::max(worst_tanh, std::abs(tanh_of(f) - std::tanh(double{f})));
  }
  EXPECT_LT(worst_sigmoid, 1.5e-7);
  EXPECT_LT(worst_tanh, 2e-7);
}

TEST(Math, Rotations) {
  double worst = 0;
  for (const std::uint64_t n : {1u, 2u, 3u, 8u, 11u, 512u, 1408u, 65536u}) {
    for (std::uint64_t k = 0; k < 2 * n; ++k) {
      const long double angle = 2 * 3.14159265358979323846264338327950288L * static_cast<long double>(k % n) / n;
      const Rotation w = rotation_of(k, n);
      worst = std::max(worst, std::abs(w.cos - static_cast<double>(std::cos(angle))));
      worst = std::max(worst, std::abs(w.sin - static_cast<double>(std::sin(angle))));
    }
  }
  EXPECT_LT(worst, 3e-16);
  EXPECT_EQ(rotation_of(1, 4).cos, 0.0);
  EXPECT_EQ(rotation_of(1, 4).sin, 1.0);
}

TEST(Math, KnowsWhatIsFinite) {
  using Limits = std::numeric_limits<float>;
  for (const float x : {0.0f, -1.0f, Limits::max(), Limits::denorm_min()}) EXPECT_TRUE(is_finite(x));
  for (const float x : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    EXPECT_FALSE(is_finite(x));
  }
}

}  // namespace
}  // namespace pellucid::dsp
