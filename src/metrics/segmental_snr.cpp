#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"

namespace pellucid::metrics {

double segmental_snr(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  constexpr double kFrameSeconds = 0.03, kMinDb = -10, kMaxDb = 35;
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const auto frame = static_cast<std::size_t>(std::lround(kFrameSeconds * rate_hz));
  const auto hop = static_cast<std::size_t>(0.25 * kFrameSeconds * rate_hz + 1e-9);
  if (hop == 0 || clean.size() < frame + hop) return std::numeric_limits<double>::quiet_NaN();

  std::vector<double> window(frame);
  for (std::size_t i = 0; i < frame; ++i) {
    const double phase = static_cast<double>(i + 1) / static_cast<double>(frame + 1);
    window[i] = 0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * phase));
  }
  // The reference program leaves the last whole frame out.
  const std::size_t frames = (clean.size() - frame) / hop;
  double sum = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    double signal = 0, noise = 0;
    for (std::size_t i = 0; i < frame; ++i) {
      const double s = window[i] * clean[f * hop + i], e = window[i] * estimate[f * hop + i];
      signal += s * s;
      noise += (s - e) * (s - e);
    }
    sum += std::clamp(10.0 * std::log10(signal / (noise + kEpsilon) + kEpsilon), kMinDb, kMaxDb);
  }
  return sum / static_cast<double>(frames);
}

}  // namespace pellucid::metrics
