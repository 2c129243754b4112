// Double-precision references and small own random numbers for the tests of dsp.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

namespace pellucid::dsp::test {

/// Uniform in -1 … 1 from a 64-bit counter (SplitMix64, Steele et al. 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-52 - 1.0; }
  float sample() { return static_cast<float>(uniform()); }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(bits() % n); }

 private:
  std::uint64_t state_;
};

/// X[k] = sum x[n] e^(-2 pi i k n / N), k = 0 … N/2, by the definition.
inline std::vector<std::complex<double>> naive_dft(const std::vector<double>& x) {
  const std::size_t n = x.size();
  std::vector<std::complex<double>> roots(n), result(n / 2 + 1);
  for (std::size_t k = 0; k < n; ++k) {
    roots[k] = std::polar(1.0, -2.0 * M_PI * static_cast<double>(k) / static_cast<double>(n));
  }
  for (std::size_t k = 0; k < result.size(); ++k) {
    for (std::size_t i = 0; i < n; ++i) result[k] += x[i] * roots[i * k % n];
  }
  return result;
}

}  // namespace pellucid::dsp::test
