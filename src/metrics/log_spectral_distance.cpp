#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"
#include "metrics/power_spectrum.hpp"

namespace pellucid::metrics {
namespace {

/// Power spectra of frames that overlap by half. A signal shorter than a frame is padded with zeros.
class Spectra {
 public:
  explicit Spectra(std::size_t size) : window_(size), frame_(size), spectrum_(std::bit_ceil(size)) {
    for (std::size_t i = 0; i < size; ++i) {
      window_[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
    }
  }

  std::size_t bins() const { return spectrum_.bins(); }
  std::size_t frames(std::size_t samples) const {
    return samples <= window_.size() ? 1 : (samples - window_.size()) / (window_.size() / 2) + 1;
  }
  void measure(std::span<const float> x, std::size_t frame, std::span<double> power) {
    const std::size_t size = window_.size(), hop = size / 2;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = frame * hop + i;
      frame_[i] = at < x.size() ? window_[i] * x[at] : 0.0;
    }
    spectrum_(frame_, power);
  }

 private:
  std::vector<double> window_, frame_;
  PowerSpectrum spectrum_;
};

}  // namespace

double log_spectral_distance(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  constexpr double kFrameSeconds = 0.032, kRange = 1e-8;
  const auto size = std::max<std::size_t>(4, static_cast<std::size_t>(std::lround(kFrameSeconds * rate_hz)));
  Spectra spectra(size);
  const std::size_t bins = spectra.bins(), frames = spectra.frames(clean.size());
  std::vector<double> a(bins), b(bins);
  // Measured twice rather than held: the spectra of an hour would be a gigabyte.
  double loudest = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    spectra.measure(clean, f, a);
    loudest = std::max(loudest, *std::max_element(a.begin(), a.end()));
  }
  const double floor = kRange * loudest;
  if (floor <= 0) return std::numeric_limits<double>::quiet_NaN();

  double sum = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    spectra.measure(clean, f, a);
    spectra.measure(estimate, f, b);
    double squares = 0;
    for (std::size_t k = 0; k < bins; ++k) {
      const double difference_db = 10.0 * std::log10(std::max(a[k], floor) / std::max(b[k], floor));
      squares += difference_db * difference_db;
    }
    sum += std::sqrt(squares / static_cast<double>(bins));
  }
  return sum / static_cast<double>(frames);
}

}  // namespace pellucid::metrics
