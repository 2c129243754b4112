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

/// Power spectra, frame after frame. A signal shorter than a frame is padded with zeros.
std::vector<double> power_spectra(std::span<const float> x, PowerSpectrum& spectrum,
                                  const std::vector<double>& window) {
  const std::size_t size = window.size(), hop = size / 2, bins = spectrum.bins();
  const std::size_t frames = x.size() <= size ? 1 : (x.size() - size) / hop + 1;
  std::vector<double> spectra(frames * bins), frame(size);
  for (std::size_t f = 0; f < frames; ++f) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = f * hop + i;
      frame[i] = at < x.size() ? window[i] * x[at] : 0.0;
    }
    spectrum(frame, std::span(spectra).subspan(f * bins, bins));
  }
  return spectra;
}

}  // namespace

double log_spectral_distance(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  constexpr double kFrameSeconds = 0.032, kRange = 1e-8;
  const auto size = std::max<std::size_t>(4, static_cast<std::size_t>(std::lround(kFrameSeconds * rate_hz)));
  std::vector<double> window(size);
  for (std::size_t i = 0; i < size; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
  }
  PowerSpectrum spectrum(std::bit_ceil(size));
  const std::size_t bins = spectrum.bins();
  const std::vector<double> a = power_spectra(clean, spectrum, window), b = power_spectra(estimate, spectrum, window);
  const double floor = kRange * *std::max_element(a.begin(), a.end());
  if (floor <= 0) return std::numeric_limits<double>::quiet_NaN();

  const std::size_t frames = a.size() / bins;
  double sum = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    double squares = 0;
    for (std::size_t k = f * bins; k < (f + 1) * bins; ++k) {
      const double difference_db = 10.0 * std::log10(std::max(a[k], floor) / std::max(b[k], floor));
      squares += difference_db * difference_db;
    }
    sum += std::sqrt(squares / static_cast<double>(bins));
  }
  return sum / static_cast<double>(frames);
}

}  // namespace pellucid::metrics
