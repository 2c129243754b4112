#include "metrics/spectrogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>

#include "metrics/power_spectrum.hpp"

namespace pellucid::metrics {
namespace {

constexpr double kWindowSeconds = 0.032;
constexpr int kMaxAverages = 8;
constexpr std::size_t kMostHeld = 16384;

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

struct SpectrogramLevels::Impl {
  SpectrogramShape shape;
  std::size_t size;  // of a window
  std::vector<double> window;
  PowerSpectrum spectrum;
  double column_samples, bins_per_row;
  int averages;
  std::vector<float> levels;
  std::vector<double> frame, power, mean;
  // The samples from `begin` up to `end`, of which those below the next window's start are not needed.
  std::vector<float> held;
  std::int64_t begin = 0, end = 0;
  int column = 0, average = 0;  // of the next window

  explicit Impl(const SpectrogramShape& s)
      : shape(s),
        size(std::max<std::size_t>(4, static_cast<std::size_t>(std::lround(kWindowSeconds * s.rate_hz)))),
        window(size),
        spectrum(std::bit_ceil(size)),
        column_samples(s.duration_s * s.rate_hz / s.columns),
        bins_per_row(s.top_hz / s.rows * static_cast<double>(spectrum.size()) / s.rate_hz),
        averages(std::clamp(static_cast<int>(column_samples / (0.5 * static_cast<double>(size))), 1, kMaxAverages)),
        levels(static_cast<std::size_t>(s.columns) * static_cast<std::size_t>(s.rows),
               -std::numeric_limits<float>::infinity()),
        frame(size),
        power(spectrum.bins()),
        mean(spectrum.bins()) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
      sum += window[i];
    }
    for (double& w : window) w *= 2.0 / sum;  // a full-scale sine comes out as 1
  }

  bool done() const { return column >= shape.columns; }

  std::int64_t start() const {
    const double center = (column + (average + 0.5) / averages) * column_samples;
    return std::llround(center) - static_cast<std::int64_t>(size / 2);
  }

  void hold(std::span<const float> samples) {
    // What lies before the next window goes first, so that a long block is not held whole.
    const std::int64_t keep = std::max(begin, done() ? end + static_cast<std::int64_t>(samples.size()) : start());
    const auto old = static_cast<std::size_t>(std::min(keep - begin, end - begin));
    held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(old));
    const auto skipped = std::min(samples.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, keep - end)));
    held.insert(held.end(), samples.begin() + static_cast<std::ptrdiff_t>(skipped), samples.end());
    end += static_cast<std::int64_t>(samples.size());
    begin = end - static_cast<std::int64_t>(held.size());
  }

  void measure_window() {
    if (average == 0) std::fill(mean.begin(), mean.end(), 0.0);
    const std::int64_t from = start();
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t at = from + static_cast<std::int64_t>(i);
      const bool inside = at >= 0 && at < end;
      const double v = inside ? held[static_cast<std::size_t>(at - begin)] : 0.0F;
      frame[i] = std::isfinite(v) ? window[i] * v : 0.0;
    }
    spectrum(frame, power);
    for (std::size_t k = 0; k < power.size(); ++k) mean[k] += power[k] / averages;
    if (++average < averages) return;
    for (int r = 0; r < shape.rows; ++r) {
      const double low_bin = (shape.rows - 1 - r) * bins_per_row;
      const std::size_t at =
          static_cast<std::size_t>(r) * static_cast<std::size_t>(shape.columns) + static_cast<std::size_t>(column);
      levels[at] = static_cast<float>(level_db(mean, low_bin, low_bin + bins_per_row));
    }
    average = 0;
    ++column;
  }
};

SpectrogramLevels::SpectrogramLevels(const SpectrogramShape& shape) : impl_(std::make_unique<Impl>(shape)) {}
SpectrogramLevels::~SpectrogramLevels() = default;
SpectrogramLevels::SpectrogramLevels(SpectrogramLevels&&) noexcept = default;

void SpectrogramLevels::add(std::span<const float> samples) {
  Impl& state = *impl_;
  while (!samples.empty()) {
    const std::span<const float> part = samples.first(std::min(samples.size(), kMostHeld));
    samples = samples.subspan(part.size());
    state.hold(part);
    while (!state.done() && state.start() + static_cast<std::int64_t>(state.size) <= state.end) state.measure_window();
  }
}

std::vector<float> SpectrogramLevels::finish() {
  Impl& state = *impl_;
  while (!state.done() && (state.average > 0 || state.column * state.column_samples < static_cast<double>(state.end)))
    state.measure_window();
  return std::move(state.levels);
}

std::vector<float> spectrogram_db(std::span<const float> samples, int rate_hz, int columns, int rows, double top_hz,
                                  double duration_s) {
  SpectrogramLevels levels({rate_hz, columns, rows, top_hz, duration_s});
  levels.add(samples);
  return levels.finish();
}

}  // namespace pellucid::metrics
