// Elementary functions on integers: the same bits from every compiler and processor, with 32-bit products only.
//
//   const int32_t l = log2_q16(power);                    // 16 bits after the point
//   const Exponential e = exp2_q16(scale_log(l, k));      // 2^(k l) = e.mantissa * 2^(e.exponent - 15)
//
// "Qn" is a number with n bits after the point. Shifts to the right round down (every compiler in use shifts
// arithmetically; checked below); nothing shifts a negative number to the left, and no sum or product here overflows
// within the ranges stated.
#pragma once

#include <stdint.h>

#include "dsp/fixed_tables.hpp"
#include "dsp/math.hpp"

namespace pellucid::dsp {

static_assert((int32_t{-3} >> 1) == -2 && static_cast<int16_t>(uint16_t{0xffff}) == -1, "two's complement");

/// Nearest to x / 2^n, halves up; n in 1 … 31, x below 2^31 - 1.
PELLUCID_INLINE int32_t round_shift(int32_t x, int32_t n) { return ((x >> (n - 1)) + 1) >> 1; }

/// Symmetric, so that a sum of two products of such numbers fits 32 bits.
PELLUCID_INLINE int16_t saturate16(int32_t x) {
  return static_cast<int16_t>(x > 32767 ? 32767 : x < -32767 ? -32767 : x);
}

/// floor(x w / 2^15) for |x| < 2^31 - 2^16 and |w| <= 2^15, in either of two ways.
PELLUCID_INLINE int32_t mul_q15_narrow(int32_t x, int32_t w) { return (x >> 16) * w * 2 + (((x & 0xffff) * w) >> 15); }
PELLUCID_INLINE int32_t mul_q15_wide(int32_t x, int32_t w) { return static_cast<int32_t>((int64_t{x} * w) >> 15); }
PELLUCID_INLINE int32_t mul_q15(int32_t x, int32_t w) {
#if UINTPTR_MAX > 0xffffffffu || defined(__ARM_ARCH)
  return mul_q15_wide(x, w);
#else
  return mul_q15_narrow(x, w);
#endif
}

/// Position of the highest bit of x > 0.
PELLUCID_INLINE int32_t highest_bit(uint32_t x) {
#if defined(__riscv) && !defined(__riscv_zbb)  // no instruction: a compiler may call its library
  int32_t n = 0;
  for (int32_t step = 16; step > 0; step >>= 1) {
    if ((x >> step) != 0) {
      n += step;
      x >>= step;
    }
  }
  return n;
#else
  return 31 - __builtin_clz(x);
#endif
}

/// log2 of x > 0 in Q16, error below 4e-5.
PELLUCID_INLINE int32_t log2_q16(uint32_t x) {
  const int32_t n = highest_bit(x);
  const uint32_t m = x << (31 - n);
  const uint32_t i = (m >> 24) & 127u, rest = (m >> 8) & 0xffffu;
  const uint32_t low = kLog2.value[i], high = kLog2.value[i + 1];
  return n * 65536 + static_cast<int32_t>(low + (((high - low) * rest) >> 16));
}

struct Exponential {
  int32_t mantissa;  ///< Q15, 1 … 2 - 2^-15
  int32_t exponent;
};

/// 2^x for x in Q16, relative error below 4e-5.
PELLUCID_INLINE Exponential exp2_q16(int32_t x) {
  const uint32_t fraction = static_cast<uint32_t>(x) & 0xffffu;
  const uint32_t i = fraction >> 9, rest = fraction & 511u;
  const uint32_t low = kExp2.value[i], high = kExp2.value[i + 1];
  return {static_cast<int32_t>(32768u + low + (((high - low) * rest) >> 9)), x >> 16};
}

/// x k for x in Q16 within ±2^23 and k in Q16 from 0 to 8, in Q16; below the exact product by less than 2^-14.
PELLUCID_INLINE int32_t scale_log(int32_t x, uint32_t k) {
  const int32_t whole = x >> 16;
  const uint32_t rest = static_cast<uint32_t>(x) & 0xffffu;
  const uint32_t part = rest * (k >> 16) + ((rest * (k & 0xffffu)) >> 16);
  return whole * static_cast<int32_t>(k) + static_cast<int32_t>(part);
}

/// A complex number's parts with at most 15 bits, times 2^exponent; and log2 of its power in Q16 (0 when it is 0).
struct Normalised {
  int32_t re, im, exponent, log_power;
};

/// |re|, |im| < 2^31.
PELLUCID_INLINE Normalised normalise(int32_t re, int32_t im) {
  const uint32_t ar = re < 0 ? 0u - static_cast<uint32_t>(re) : static_cast<uint32_t>(re);
  const uint32_t ai = im < 0 ? 0u - static_cast<uint32_t>(im) : static_cast<uint32_t>(im);
  if ((ar | ai) == 0) return {0, 0, 0, 0};
  const int32_t exponent = highest_bit(ar | ai) - 14;
  Normalised n;
  n.exponent = exponent;
  if (exponent > 0) {
    n.re = re >> exponent;
    n.im = im >> exponent;
  } else {
    n.re = re * (1 << -exponent);
    n.im = im * (1 << -exponent);
  }
  const uint32_t power = static_cast<uint32_t>(n.re * n.re) + static_cast<uint32_t>(n.im * n.im);
  n.log_power = log2_q16(power) + 2 * 65536 * exponent;
  return n;
}

/// tanh(x / 2) in Q15 for x in Q11, error below 5e-5. 32767 at most.
PELLUCID_INLINE int32_t tanh_half(int32_t x) {
  int32_t a = x < 0 ? -x : x;
  a = a > 32767 ? 32767 : a;
  const int32_t i = a >> 6, rest = a & 63;
  const int32_t low = kTanhHalf.value[i], high = kTanhHalf.value[i + 1];
  const int32_t y = low + (((high - low) * rest + 32) >> 6);
  return x < 0 ? -y : y;
}

/// tanh in Q15 for x in Q11 within ±2^29.
PELLUCID_INLINE int32_t tanh_fixed(int32_t x) { return tanh_half(2 * x); }

/// 1 / (1 + e^-x) in Q15 for x in Q11 within ±2^30; 0 … 32767.
PELLUCID_INLINE int32_t sigmoid_fixed(int32_t x) { return 16384 + (tanh_half(x) >> 1); }

}  // namespace pellucid::dsp
