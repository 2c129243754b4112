// Random numbers that are the same on every platform, for any number of threads.
//
//   Random random(seed, epoch, pair);          // a stream of its own for every pair of an epoch
//   double snr_db = random.uniform(-5, 20);
//
// Number i of a stream is a hash of (key, i): SplitMix64 (Steele, Lea, Flood 2014) with the key as its start. Normal
// numbers come from the inverse distribution (Wichura 1988, AS 241) by sums and products only, without libm.
#pragma once

#include <cstdint>
#include <utility>

namespace pellucid {

/// SplitMix64's mixing function: a bijection of 64-bit numbers.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

class Random {
 public:
  /// Different seeds or streams (any number of integers) give independent numbers.
  template <typename... Streams>
  explicit constexpr Random(std::uint64_t seed, Streams... streams) : state_(mix64(seed + kStep)) {
    // A product in place of a second hash: hash(seed) ^ hash(stream) would not tell (1, 2) from (2, 1).
    ((state_ = mix64(mix64(state_) + static_cast<std::uint64_t>(streams) * 0xD1B54A32D192ED03u)), ...);
  }

  constexpr std::uint64_t bits() { return mix64(state_ += kStep); }
  /// [0, 1), 53 random bits.
  constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// 0 … n-1 without bias; 0 for n = 0.
  constexpr std::uint64_t integer(std::uint64_t n) {
    if (n == 0) return 0;
    const std::uint64_t unfair = (0 - n) % n;  // 2^64 mod n
    for (;;) {
      const std::uint64_t x = bits();
      if (x >= unfair) return x % n;
    }
  }
  constexpr bool chance(double probability) { return uniform() < probability; }
  /// Mean 0, deviation 1.
  double normal();

  // For std::shuffle-like use only where the order of the library does not matter.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  constexpr result_type operator()() { return bits(); }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15u;
  std::uint64_t state_;
};

/// Fisher-Yates, the same order on every platform.
template <typename Container>
void shuffle(Container& items, Random& random) {
  for (std::uint64_t i = items.size(); i > 1; --i) {
    const std::uint64_t j = random.integer(i);
    using std::swap;
    swap(items[i - 1], items[j]);
  }
}

}  // namespace pellucid
