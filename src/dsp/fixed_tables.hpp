// The tables of fixed.hpp and fixed_fft.hpp, computed by the compiler in integers, so that they are the same everywhere
// and can be checked by reading.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::dsp {

template <typename T, size_t kCount>
struct Table {
  T value[kCount];
};

namespace tables {

constexpr uint64_t kOne = uint64_t{1} << 32;  // Q32, for numbers below 2
constexpr uint64_t kLn2 = 2977044472u;        // ln 2
constexpr uint64_t kLog2E = 6196328019u;      // log2 e

/// Q32 to Qn, to the nearest.
constexpr uint64_t narrow(uint64_t x, int bits) { return (x + (uint64_t{1} << (31 - bits))) >> (32 - bits); }

/// 2^f for f below 1: e^(f ln 2) by its Taylor series.
constexpr uint64_t exp2(uint64_t f) {
  const uint64_t y = ((f >> 1) * kLn2) >> 31;
  uint64_t sum = kOne;
  for (uint64_t i = 20; i >= 1; --i) sum = kOne + (((sum >> 1) * (y / i)) >> 31);
  return sum;
}

/// log2 of m in 1 … 2, bit by bit: squaring doubles a logarithm.
constexpr uint64_t log2(uint64_t m) {
  uint64_t x = m >> 1, result = 0;  // Q31
  for (int bit = 31; bit >= 6; --bit) {
    x = (x * x) >> 31;
    if (x >= kOne) {
      result |= uint64_t{1} << bit;
      x >>= 1;
    }
  }
  return result;
}

/// sin(pi j / n) for j <= n / 2 by the Taylor series of sine or cosine, whichever angle is within a quarter of pi.
constexpr uint64_t sine(uint64_t j, uint64_t n) {
  constexpr uint64_t kPi = 13493037705u;
  const bool upper = 4 * j > n;
  const uint64_t x = kPi * (upper ? n - 2 * j : 2 * j) / (2 * n);
  const uint64_t square = (x * x) >> 32;
  uint64_t sum = kOne;
  for (uint64_t i = 18; i >= 2; i -= 2) {
    const uint64_t over = upper ? i * (i - 1) : i * (i + 1);
    sum = kOne - ((square >> 1) * sum >> 31) / over;
  }
  return upper ? sum : (x * (sum >> 1)) >> 31;
}

/// tanh(x / 2) = (1 - e^-x) / (1 + e^-x), x below 17.
constexpr uint64_t tanh_half(uint64_t x_q16) {
  const uint64_t y = (x_q16 * kLog2E) >> 16;  // x log2 e in Q32
  const uint64_t part = y & (kOne - 1), power = y >> 32;
  const uint64_t e = (part == 0 ? kOne : exp2(kOne - part) >> 1) >> power;  // 2^-y
  return (((kOne - e) << 31) / (kOne + e)) << 1;
}

}  // namespace tables

/// log2(1 + i / 128) in Q16.
constexpr Table<uint32_t, 129> make_log2() {
  Table<uint32_t, 129> table{};
  for (uint64_t i = 0; i < 128; ++i) {
    table.value[i] = static_cast<uint32_t>(tables::narrow(tables::log2(tables::kOne + (i << 25)), 16));
  }
  table.value[128] = 65536;
  return table;
}

/// 2^(i / 128) - 1 in Q15.
constexpr Table<uint16_t, 129> make_exp2() {
  Table<uint16_t, 129> table{};
  for (uint64_t i = 0; i < 128; ++i) {
    table.value[i] = static_cast<uint16_t>(tables::narrow(tables::exp2(i << 25) - tables::kOne, 15));
  }
  table.value[128] = 32768;
  return table;
}

/// tanh(i / 64) in Q15, below 1.
constexpr Table<int16_t, 513> make_tanh_half() {
  Table<int16_t, 513> table{};
  for (uint64_t i = 0; i < 513; ++i) {
    const uint64_t t = tables::narrow(tables::tanh_half(i << 11), 15);
    table.value[i] = static_cast<int16_t>(t > 32767 ? 32767 : t);
  }
  return table;
}

/// The longest window of the fixed-point transforms.
inline constexpr uint32_t kMaxFixedWindow = 1024;

/// sin(pi j / kMaxFixedWindow) in Q15: a quarter of a turn.
constexpr Table<uint16_t, kMaxFixedWindow / 2 + 1> make_sine() {
  Table<uint16_t, kMaxFixedWindow / 2 + 1> table{};
  for (uint64_t j = 0; j <= kMaxFixedWindow / 2; ++j) {
    table.value[j] = static_cast<uint16_t>(tables::narrow(tables::sine(j, kMaxFixedWindow), 15));
  }
  return table;
}

inline constexpr auto kLog2 = make_log2();
inline constexpr auto kExp2 = make_exp2();
inline constexpr auto kTanhHalf = make_tanh_half();
inline constexpr auto kSine = make_sine();

}  // namespace pellucid::dsp
