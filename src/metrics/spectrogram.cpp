#include "metrics/spectrogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "metrics/power_spectrum.hpp"

namespace pellucid::metrics {
namespace {

constexpr double kWindowSeconds = 0.032;
constexpr int kMaxAverages = 8;

double to_db(double power) { return 10.0 * std::log10(std::max(power, 1e-30)); }

/// The level of frequencies low_bin..high_bin (fractions allowed): the mean power of the bins inside, or between two
/// bins a straight line in dB.
double level_db(std::span<const double> power, double low_bin, double high_bin) {
  const double last = static_cast<double>(power.size() - 1);
  if (high_bin - low_bin < 1.0) {
    const double at = std::clamp(0.5 * (low_bin + high_bin), 0.0, last);
    const auto k = std::min(static_cast<std::size_t>(at), power.size() - 2);
    const double part = at - static_cast<double>(k);
    return (1.0 - part) * to_db(power[k]) + part * to_db(power[k + 1]);
  }
  const auto first = static_cast<std::size_t>(std::clamp(std::round(low_bin), 0.0, last));
  const auto end = static_cast<std::size_t>(std::clamp(std::round(high_bin), static_cast<double>(first + 1), last + 1));
  double sum = 0;
  for (std::size_t k = first; k < end; ++k) sum += power[k];
  return to_db(sum / static_cast<double>(end - first));
}

}  // namespace

std::vector<float> spectrogram_db(std::span<const float> samples, int rate_hz, int columns, int rows, double top_hz,
                                  double duration_s) {
  const auto size = std::max<std::size_t>(4, static_cast<std::size_t>(std::lround(kWindowSeconds * rate_hz)));
  std::vector<double> window(size);
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
    sum += window[i];
  }
  for (double& w : window) w *= 2.0 / sum;  // a full-scale sine comes out as 1

  PowerSpectrum spectrum(std::bit_ceil(size));
  const std::size_t bins = spectrum.bins();
  const double column_samples = duration_s * rate_hz / columns;
  const int averages =
      std::clamp(static_cast<int>(column_samples / (0.5 * static_cast<double>(size))), 1, kMaxAverages);
  const double bins_per_row = top_hz / rows * static_cast<double>(spectrum.size()) / rate_hz;
  std::vector<float> levels(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows),
                            -std::numeric_limits<float>::infinity());
  std::vector<double> frame(size), power(bins), mean(bins);
  for (int c = 0; c < columns; ++c) {
    if (c * column_samples >= static_cast<double>(samples.size())) break;
    std::fill(mean.begin(), mean.end(), 0.0);
    for (int a = 0; a < averages; ++a) {
      const double center = (c + (a + 0.5) / averages) * column_samples;
      const std::int64_t start = std::llround(center) - static_cast<std::int64_t>(size / 2);
      for (std::size_t i = 0; i < size; ++i) {
        const std::int64_t at = start + static_cast<std::int64_t>(i);
        const bool inside = at >= 0 && at < static_cast<std::int64_t>(samples.size());
        const double v = inside ? samples[static_cast<std::size_t>(at)] : 0.0F;
        frame[i] = std::isfinite(v) ? window[i] * v : 0.0;
      }
      spectrum(frame, power);
      for (std::size_t k = 0; k < bins; ++k) mean[k] += power[k] / averages;
    }
    for (int r = 0; r < rows; ++r) {
      const double low_bin = (rows - 1 - r) * bins_per_row;
      const std::size_t at =
          static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(c);
      levels[at] = static_cast<float>(level_db(mean, low_bin, low_bin + bins_per_row));
    }
  }
  return levels;
}

}  // namespace pellucid::metrics
