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

OctaveResampler::OctaveResampler(std::span<const float> x, int from_hz, int to_hz)
    : x_(x), up_(to_hz / std::gcd(from_hz, to_hz)), down_(from_hz / std::gcd(from_hz, to_hz)) {
  if (up_ == down_) return;
  std::int64_t half = 0;
  const std::vector<double> taps = design(up_, down_, half);
  // Output j at the up-sampled position p = j * down is the sum over inputs i of x[i] * taps[half + p - i * up]. The
  // taps of one phase (p mod up) are kept reversed, so that each output is one product of two runs of memory.
  per_phase_ = static_cast<std::size_t>((2 * half) / up_ + 1);
  phases_.assign(per_phase_ * static_cast<std::size_t>(up_), 0.0);
  first_.resize(static_cast<std::size_t>(up_));
  for (std::int64_t phase = 0; phase < up_; ++phase) {
    // Inputs i = p/up + d with |phase - d * up| <= half.
    const std::int64_t first = -((half - phase) / up_);
    first_[static_cast<std::size_t>(phase)] = first;
    double* row = &phases_[static_cast<std::size_t>(phase) * per_phase_];
    for (std::size_t k = 0; k < per_phase_; ++k) {
      const std::int64_t tap = half + phase - (first + static_cast<std::int64_t>(k)) * up_;
      if (tap >= 0 && tap <= 2 * half) row[k] = taps[static_cast<std::size_t>(tap)];
    }
  }
}

std::size_t OctaveResampler::size() const {
  return static_cast<std::size_t>((static_cast<std::int64_t>(x_.size()) * up_ + down_ - 1) / down_);
}

void OctaveResampler::read(std::size_t begin, std::span<double> out) {
  if (up_ == down_) {
    std::copy_n(x_.begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
    return;
  }
  if (out.empty()) return;
  // The inputs of the stretch, with zeros where there are none, and room for what differs between phases.
  const auto pad = static_cast<std::int64_t>(per_phase_) + 1;
  const std::int64_t low = static_cast<std::int64_t>(begin) * down_ / up_ - pad;
  const std::int64_t high = static_cast<std::int64_t>(begin + out.size() - 1) * down_ / up_ + pad;
  stretch_.assign(static_cast<std::size_t>(high - low), 0.0);
  const std::int64_t from = std::max<std::int64_t>(low, 0);
  const std::int64_t to = std::min(high, static_cast<std::int64_t>(x_.size()));
  if (from < to) std::copy(x_.begin() + from, x_.begin() + to, stretch_.begin() + (from - low));
  for (std::size_t j = 0; j < out.size(); ++j) {
    const std::int64_t position = static_cast<std::int64_t>(begin + j) * down_;
    const auto phase = static_cast<std::size_t>(position % up_);
    const std::int64_t first = position / up_ + first_[phase];
    out[j] = dot(&stretch_[static_cast<std::size_t>(first - low)], &phases_[phase * per_phase_], per_phase_);
  }
}

std::vector<double> octave_resample(std::span<const float> x, int from_hz, int to_hz) {
  constexpr std::size_t kBlock = 8192;
  OctaveResampler resampler(x, from_hz, to_hz);
  std::vector<double> y(resampler.size());
  for (std::size_t at = 0; at < y.size(); at += kBlock)
    resampler.read(at, std::span(y).subspan(at, std::min(kBlock, y.size() - at)));
  return y;
}

}  // namespace pellucid::metrics
