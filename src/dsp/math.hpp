// Elementary functions for code that has no libm: branch-free, so that loops over them vectorise, and the same on every
// processor as long as the compiler does not contract (-ffp-contract=off).
//
// Everything is static and always inlined: the same header is compiled for several instruction sets, and no copy may
// leak from one to another through the linker.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PELLUCID_INLINE [[gnu::always_inline]] static inline

namespace pellucid::dsp {

PELLUCID_INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

PELLUCID_INLINE float float_of(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// False for NaN and both infinities.
PELLUCID_INLINE bool is_finite(float x) { return (bits_of(x) & 0x7f800000u) != 0x7f800000u; }

/// Smaller than any normal number, but not 0.
PELLUCID_INLINE bool is_subnormal(float x) {
  return (bits_of(x) & 0x7f800000u) == 0 && (bits_of(x) & 0x007fffffu) != 0;
}

PELLUCID_INLINE float abs_of(float x) { return float_of(bits_of(x) & 0x7fffffffu); }
PELLUCID_INLINE float min_of(float a, float b) { return a < b ? a : b; }
PELLUCID_INLINE float max_of(float a, float b) { return a > b ? a : b; }

/// 2^f for |f| <= 0.51 by its Taylor series (coefficients ln2^k / k!); relative error below 1e-7.
PELLUCID_INLINE float exp2_fraction(float f) {
  float p = 1.5252734e-5f;
  p = p * f + 1.5403530e-4f;
  p = p * f + 1.3333558e-3f;
  p = p * f + 9.6181291e-3f;
  p = p * f + 5.5504109e-2f;
  p = p * f + 2.4022651e-1f;
  p = p * f + 6.9314718e-1f;
  return 1.0f + p * f;
}

/// Nearest integer to |x| < 2^21, as float and as integer: adding 1.5 * 2^23 leaves no bits for a fraction.
PELLUCID_INLINE float round_of(float x, int32_t* integer) {
  const float shifted = x + 12582912.0f;
  *integer = static_cast<int32_t>(bits_of(shifted)) - 0x4b400000;
  return shifted - 12582912.0f;
}

/// 2^n for n in -126 … 127.
PELLUCID_INLINE float exp2_integer(int32_t n) { return float_of(static_cast<uint32_t>(n + 127) << 23); }

/// 2^x, relative error below 1.5e-7. Saturates outside ±126.
PELLUCID_INLINE float exp2_of(float x) {
  x = min_of(max_of(x, -126.0f), 126.0f);
  int32_t n;
  const float whole = round_of(x, &n);
  return exp2_fraction(x - whole) * exp2_integer(n);
}

/// e^x, relative error below 3e-7 for |x| <= 80. Saturates beyond. The product with log2(e) is made in two parts.
PELLUCID_INLINE float exp_of(float x) {
  x = min_of(max_of(x, -87.0f), 87.0f);
  int32_t n;
  const float whole = round_of(x * 1.44269504f, &n);
  const float rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;  // Cody and Waite
  return exp2_fraction(rest * 1.44269504f) * exp2_integer(n);
}

/// log2 of the significand of x > 0 (normal) scaled to [sqrt(1/2), sqrt(2)), and the exponent that goes with it:
/// x = 2^exponent * m. Absolute error below 4e-8. Series of atanh in (m-1)/(m+1).
PELLUCID_INLINE float log2_parts(float x, int32_t* exponent) {
  const int32_t raw = static_cast<int32_t>(bits_of(x));
  const int32_t e = (raw - 0x3f3504f3) >> 23;  // 0x3f3504f3 = sqrt(1/2)
  const float m = float_of(static_cast<uint32_t>(raw - e * (1 << 23)));
  const float t = (m - 1.0f) / (m + 1.0f);
  const float t2 = t * t;
  float p = 0.26230818f;              // 2 / (11 ln 2)
  p = p * t2 + 0.32059890f;           // 2 / (9 ln 2)
  p = p * t2 + 0.41219858f;           // 2 / (7 ln 2)
  p = p * t2 + 0.57707802f;           // 2 / (5 ln 2)
  p = p * t2 + 0.96179669f;           // 2 / (3 ln 2)
  const float high = t * 2.8853901f;  // 2 / ln 2
  *exponent = e;
  return high + p * t2 * t;
}

/// log2 of x > 0 (normal): relative error below 2e-7 away from 1, absolute below 1e-7 near it.
PELLUCID_INLINE float log2_of(float x) {
  int32_t e;
  const float fraction = log2_parts(x, &e);
  return static_cast<float>(e) + fraction;
}

/// x^y for one y and many x: y is held in two parts, so that y * exponent is exact where it matters.
struct Power {
  float y, high, low;
};

/// |y| <= 8.
PELLUCID_INLINE Power make_power(double y) {
  int32_t scaled = static_cast<int32_t>(y * 4096.0);  // 12 bits after the point: high * exponent is exact
  const double high = static_cast<double>(scaled) / 4096.0;
  return {static_cast<float>(y), static_cast<float>(high), static_cast<float>(y - high)};
}

/// x^y for x > 0 (normal), relative error below 2e-7 for |y| <= 1.5. Saturates within a factor of 64 of 2^-126 and
/// 2^126.
PELLUCID_INLINE float pow_of(float x, const Power& power) {
  int32_t e;
  const float fraction = log2_parts(x, &e);
  const float exponent = static_cast<float>(e);
  float whole_part = exponent * power.high;
  whole_part = min_of(max_of(whole_part, -125.0f), 125.0f);
  int32_t n;
  const float whole = round_of(whole_part, &n);
  const float rest = (whole_part - whole) + (exponent * power.low + fraction * power.y);
  int32_t n2;
  const float whole2 = round_of(rest, &n2);
  n += n2;
  n = n < -126 ? -126 : n > 126 ? 126 : n;
  return exp2_fraction(rest - whole2) * exp2_integer(n);
}

/// 1 / (1 + e^-x), absolute error below 1.5e-7.
PELLUCID_INLINE float sigmoid_of(float x) { return 1.0f / (1.0f + exp_of(-x)); }

/// tanh, absolute error below 2e-7.
PELLUCID_INLINE float tanh_of(float x) { return 1.0f - 2.0f / (1.0f + exp_of(2.0f * x)); }

/// cos and sin of 2 pi k / n to about 1e-16: the octant is found in integers, the rest by Taylor series.
struct Rotation {
  double cos, sin;
};

PELLUCID_INLINE Rotation rotation_of(uint64_t k, uint64_t n) {
  k %= n;
  const uint64_t octant = 8 * k / n;
  const uint64_t odd = octant & 1;
  // Angle from the nearest multiple of a quarter turn, in units of 1/(8n) turns, 0 … n.
  const uint64_t from = odd ? (octant + 1) * n - 8 * k : 8 * k - octant * n;
  const double x = static_cast<double>(from) / static_cast<double>(n) * 0.78539816339744830962;
  const double x2 = x * x;
  double c = 0.0, s = 0.0;
  for (int i = 20; i >= 2; i -= 2) {  // cos = 1 - x²/2(1 - x²/12(…)), sin = x(1 - x²/6(1 - x²/20(…)))
    c = -x2 / static_cast<double>(i * (i - 1)) * (1.0 + c);
    s = -x2 / static_cast<double>(i * (i + 1)) * (1.0 + s);
  }
  c = 1.0 + c;
  s = x * (1.0 + s);
  if (odd) s = -s;  // now the angle is quarter * (turn / 4) + signed rest
  switch (((octant + odd) / 2) & 3) {
    case 0:
      return {c, s};
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    default:
      return {s, -c};
  }
}

}  // namespace pellucid::dsp
