#include "metrics/octave_resample.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>

namespace pellucid::metrics {
namespace {

double bessel_i0(double x) {
  double term = 1, sum = 1;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= (x / (2.0 * k)) * (x / (2.0 * k));
    sum += term;
  }
  return sum;
}

/// The prototype low-pass at `up` times the input rate, 2 * half + 1 taps with a sum of `up`.
std::vector<double> design(std::int64_t up, std::int64_t down, std::int64_t& half) {
  constexpr double kRejectionDb = 60.0;
  const double cutoff = 1.0 / (2.0 * static_cast<double>(std::max(up, down)));
  const double roll_off = cutoff / 10.0;
  half = static_cast<std::int64_t>(std::ceil((kRejectionDb - 8.0) / (28.714 * roll_off)));
  const double beta = 0.1102 * (kRejectionDb - 8.7);
  std::vector<double> taps(static_cast<std::size_t>(2 * half + 1));
  double sum = 0;
  for (std::int64_t i = -half; i <= half; ++i) {
    const double t = 2.0 * cutoff * static_cast<double>(i) * std::numbers::pi;
    const double r = static_cast<double>(i) / static_cast<double>(half);
    const double kaiser = bessel_i0(beta * std::sqrt(std::max(0.0, 1.0 - r * r))) / bessel_i0(beta);
    const double tap = (i == 0 ? 1.0 : std::sin(t) / t) * kaiser;
    taps[static_cast<std::size_t>(i + half)] = tap;
    sum += tap;
  }
  for (double& tap : taps) tap *= static_cast<double>(up) / sum;
  return taps;
}

/// Four running sums, so that the compiler may use vector instructions without reordering anything.
double dot(const double* a, const double* b, std::size_t n) {
  double s[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) s[k] += a[i + k] * b[i + k];
  }
  for (; i < n; ++i) s[0] += a[i] * b[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

}  // namespace

std::vector<double> octave_resample(std::span<const float> x, int from_hz, int to_hz) {
  if (from_hz == to_hz) return {x.begin(), x.end()};
  const std::int64_t divisor = std::gcd(from_hz, to_hz), up = to_hz / divisor, down = from_hz / divisor;
  std::int64_t half = 0;
  const std::vector<double> taps = design(up, down, half);

  // Output j at the up-sampled position p = j * down is the sum over inputs i of x[i] * taps[half + p - i * up]. The
  // taps of one phase (p mod up) are kept reversed, so that each output is one product of two runs of memory.
  const auto per_phase = static_cast<std::size_t>((2 * half) / up + 1);
  std::vector<double> phases(per_phase * static_cast<std::size_t>(up), 0.0);
  std::vector<std::int64_t> start(static_cast<std::size_t>(up));  // first input of a phase, relative to p / up
  for (std::int64_t phase = 0; phase < up; ++phase) {
    // Inputs i = p/up + d with |phase - d * up| <= half.
    const std::int64_t first = -((half - phase) / up);
    start[static_cast<std::size_t>(phase)] = first;
    double* row = &phases[static_cast<std::size_t>(phase) * per_phase];
    for (std::size_t k = 0; k < per_phase; ++k) {
      const std::int64_t tap = half + phase - (first + static_cast<std::int64_t>(k)) * up;
      if (tap >= 0 && tap <= 2 * half) row[k] = taps[static_cast<std::size_t>(tap)];
    }
  }

  const auto n = static_cast<std::int64_t>(x.size());
  const std::int64_t pad = static_cast<std::int64_t>(per_phase) + 1;
  std::vector<double> padded(static_cast<std::size_t>(n + 2 * pad), 0.0);
  std::copy(x.begin(), x.end(), padded.begin() + pad);

  std::vector<double> y(static_cast<std::size_t>((n * up + down - 1) / down));
  for (std::size_t j = 0; j < y.size(); ++j) {
    const std::int64_t position = static_cast<std::int64_t>(j) * down;
    const auto phase = static_cast<std::size_t>(position % up);
    const std::int64_t first = position / up + start[phase];
    y[j] = dot(&padded[static_cast<std::size_t>(first + pad)], &phases[phase * per_phase], per_phase);
  }
  return y;
}

}  // namespace pellucid::metrics
