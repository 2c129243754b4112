// Draws that mixing needs beside support/random.hpp.
#pragma once

#include <cstdint>

#include "support/random.hpp"

namespace pellucid::corpus {

/// Inclusive bounds.
inline int random_int(Random& rng, int low, int high) {
  return low + static_cast<int>(rng.integer(static_cast<std::uint64_t>(high - low + 1)));
}

/// Zero mean, unit variance: the sum of four 16-bit uniforms (Irwin-Hall, bounded at 3.46). A hundred million a second,
/// which Random::normal() is not; for samples of noise, not for statistics.
inline float quick_normal(Random& rng) {
  const std::uint64_t bits = rng.bits();
  const auto sum =
      static_cast<std::int32_t>((bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48));
  return static_cast<float>(sum - 131070) * 2.6428997e-5f;  // sqrt(3) / 65536
}

}  // namespace pellucid::corpus
