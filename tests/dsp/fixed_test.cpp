#include "dsp/fixed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

#include "dsp/fixed_stft.hpp"

namespace pellucid::dsp {
namespace {

const double kPi = std::acos(-1.0);

TEST(Fixed, TablesAreRoundedRight) {
  for (int i = 0; i <= 128; ++i) {
    EXPECT_NEAR(kLog2.value[i], 65536 * std::log2(1 + i / 128.0), 0.5001) << i;
    EXPECT_NEAR(kExp2.value[i], 32768 * (std::exp2(i / 128.0) - 1), 0.5001) << i;
  }
  for (int i = 0; i <= 512; ++i) {
    EXPECT_NEAR(kTanhHalf.value[i], std::min(32767.0, 32768 * std::tanh(i / 64.0)), 0.5001) << i;
    EXPECT_NEAR(kSine.value[i], 32768 * std::sin(kPi * i / kMaxFixedWindow), 0.5001) << i;
  }
}

TEST(Fixed, LogarithmsAndExponentials) {
  for (std::uint64_t x = 1; x < 0xffffffffu; x += x / 3000 + 1) {
    ASSERT_NEAR(log2_q16(static_cast<std::uint32_t>(x)) / 65536.0, std::log2(static_cast<double>(x)), 4e-5) << x;
  }
  for (std::int32_t x = -2000000; x < 2000000; x += 77) {
    const Exponential e = exp2_q16(x);
    ASSERT_GE(e.mantissa, 32768);
    ASSERT_LT(e.mantissa, 65536);
    ASSERT_NEAR(std::ldexp(e.mantissa, e.exponent - 15) / std::exp2(x / 65536.0), 1.0, 4e-5) << x;
  }
  for (std::int32_t x = -4000000; x < 4000000; x += 997) {
    for (const std::uint32_t k : {0u, 9830u, 22938u, 65536u, 76459u, 327680u}) {
      const double exact = x * (k / 65536.0);
      ASSERT_LE(scale_log(x, k), exact);
      ASSERT_GT(scale_log(x, k), exact - 4) << x << ' ' << k;
    }
  }
}

TEST(Fixed, SigmoidAndTanh) {
  for (std::int32_t x = -100000; x <= 100000; ++x) {
    ASSERT_NEAR(tanh_fixed(x) / 32768.0, std::tanh(x / 2048.0), 5e-5) << x;
    ASSERT_NEAR(sigmoid_fixed(x) / 32768.0, 1 / (1 + std::exp(-x / 2048.0)), 5e-5) << x;
    ASSERT_EQ(tanh_fixed(-x), -tanh_fixed(x));
  }
}

TEST(Fixed, BothWaysOfAProductAreTheSame) {
  for (std::int64_t x = -(std::int64_t{1} << 31) + 65536; x < (std::int64_t{1} << 31) - 65536; x += 8191 * 1237) {
    for (std::int32_t w = -32768; w <= 32768; w += 1024) {
      const auto narrow = static_cast<std::int32_t>(x);
      ASSERT_EQ(mul_q15_narrow(narrow, w), mul_q15_wide(narrow, w)) << x << ' ' << w;
    }
  }
}

TEST(Fixed, RoundsAndSaturates) {
  for (std::int32_t x = -1000; x <= 1000; ++x) {
    for (std::int32_t n = 1; n < 12; ++n) ASSERT_EQ(round_shift(x, n), std::floor(std::ldexp(x, -n) + 0.5)) << x;
  }
  EXPECT_EQ(saturate16(40000), 32767);
  EXPECT_EQ(saturate16(-40000), -32767);
  EXPECT_EQ(saturate16(-5), -5);
  for (const std::int32_t re : {0, 1, -1, 77, -30000, 2147483647, -2147483647}) {
    for (const std::int32_t im : {0, 3, -16384, 123456789}) {
      const Normalised n = normalise(re, im);
      const double size = std::hypot(re, im);
      EXPECT_NEAR(std::ldexp(n.re, n.exponent), re, size * 1e-4);
      EXPECT_NEAR(std::ldexp(n.im, n.exponent), im, size * 1e-4);
      EXPECT_NEAR(n.log_power / 65536.0, size > 0 ? 2 * std::log2(size) : 0.0, 4e-4) << re << ' ' << im;
    }
  }
}

class FixedStftTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(FixedStftTest, IsTheTransformAndComesBack) {
  const std::uint32_t window = GetParam(), hop = window / 2;
  ASSERT_TRUE(FixedStft::supports(window));
  const FixedStft stft(window);
  std::vector<std::int16_t> last(hop), next(hop), out(hop);
  std::vector<std::int32_t> work(2 * FixedStft::work_values(window)), overlap(hop);
  std::uint32_t random = 1;
  for (int frame = 0; frame < 6; ++frame) {
    for (std::int16_t& x : next) {
      random = random * 1664525u + 1013904223u;
      x = frame == 2 ? 32767 : frame == 3 ? -32768 : static_cast<std::int16_t>(random >> 16);
    }
    const std::int32_t* spectrum = stft.analyse(last.data(), next.data(), work.data());
    double worst = 0;
    for (std::uint32_t k = 0; k <= hop; k += 7) {
      std::complex<double> sum = 0;
      for (std::uint32_t n = 0; n < window; ++n) {
        const double x = n < hop ? last[n] : next[n - hop];
        sum += x * std::sin(kPi * n / window) * std::polar(1.0, -2 * kPi * k * n / window);
      }
      sum *= std::ldexp(1.0, stft.fraction_bits());
      worst = std::max(worst, std::abs(sum - std::complex<double>(spectrum[2 * k], spectrum[2 * k + 1])));
    }
    EXPECT_LT(worst, 3e-5 * 0x1p28) << frame;  // 90 dB below the loudest
    stft.synthesise(spectrum, overlap.data(), work.data(), out.data());
    for (std::uint32_t i = 0; frame > 0 && i < hop; ++i) ASSERT_NEAR(out[i], last[i], 3) << frame << ' ' << i;
    last = next;
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, FixedStftTest, testing::Values(64, 128, 256, 512, 1024));

TEST(FixedStft, RefusesOtherWindows) {
  for (const std::uint32_t window : {0u, 32u, 96u, 320u, 2048u}) EXPECT_FALSE(FixedStft::supports(window));
}

TEST(FixedStft, SaturatesWhatIsTooLoud) {
  const FixedStft stft(512);
  std::vector<std::int32_t> work(2 * FixedStft::work_values(512)), overlap(256);
  std::vector<std::int16_t> out(256);
  for (int sign : {1, -1, 0}) {
    for (std::uint32_t i = 0; i < 514; ++i) {
      const int scattered = i * 2654435761u >> 31 != 0 ? 1 : -1;
      work[i] = (sign != 0 ? sign : scattered) * (1 << 29);
    }
    stft.synthesise(work.data(), overlap.data(), work.data(), out.data());  // the sanitizer sees an overflow
  }
  EXPECT_EQ(*std::max_element(out.begin(), out.end()), 32767);
}

}  // namespace
}  // namespace pellucid::dsp
