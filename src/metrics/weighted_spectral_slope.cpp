#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"
#include "metrics/power_spectrum.hpp"
#include "metrics/statistics.hpp"

namespace pellucid::metrics {
namespace {

constexpr std::size_t kBands = 25, kSlopes = kBands - 1;
constexpr double kKmax = 20, kKlocmax = 1;  // Klatt's weights
constexpr double kKeptShare = 0.95;         // the worst 5 % of the frames are left out
constexpr double kFloorDb = -100;

// Centres and widths of the critical bands in Hz, as the reference program has them.
constexpr std::array<double, kBands> kCentersHz = {
    50,      120,     190,     260,     330,     400,     470,     540,     617.372, 703.378, 798.717, 904.128, 1020.38,
    1148.30, 1288.72, 1442.54, 1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97, 2978.04, 3276.17, 3597.63};
constexpr std::array<double, kBands> kWidthsHz = {
    70,      70,      70,      70,      70,      70,      70,      77.3724, 86.0056, 95.3398, 105.411, 116.256, 127.914,
    140.423, 153.823, 168.154, 183.457, 199.776, 217.153, 235.631, 255.255, 276.072, 298.126, 321.465, 346.136};

using Bands = std::array<double, kBands>;
using Slopes = std::array<double, kSlopes>;

/// Gains of the Gaussian band filters over bins 0..bins-1, cut off 30 dB down.
std::vector<std::vector<double>> band_filters(std::size_t bins, int rate_hz) {
  const double bins_per_hz = static_cast<double>(bins) / (0.5 * rate_hz), least = std::exp(-30.0 / (2.0 * 2.303));
  std::vector<std::vector<double>> filters(kBands, std::vector<double>(bins));
  for (std::size_t b = 0; b < kBands; ++b) {
    const double center = std::floor(kCentersHz[b] * bins_per_hz), width = kWidthsHz[b] * bins_per_hz;
    const double gain_log = std::log(kWidthsHz[0] / kWidthsHz[b]);
    for (std::size_t k = 0; k < bins; ++k) {
      const double x = (static_cast<double>(k) - center) / width;
      const double gain = std::exp(-11.0 * x * x + gain_log);
      filters[b][k] = gain > least ? gain : 0.0;
    }
  }
  return filters;
}

/// For every slope the level of the nearest peak in the direction that rises.
Slopes nearest_peaks(const Slopes& slope, const Bands& level_db) {
  Slopes peaks{};
  for (std::size_t i = 0; i < kSlopes; ++i) {
    std::size_t n = i;
    if (slope[i] > 0) {
      while (n < kSlopes && slope[n] > 0) ++n;
      peaks[i] = level_db[n - 1];
    } else {
      while (n > 0 && slope[n] <= 0) --n;
      // Down to the first band, or to the one above the slope that rises.
      peaks[i] = slope[n] <= 0 ? level_db[0] : level_db[n + 1];
    }
  }
  return peaks;
}

struct Frame {
  Bands level_db{};
  Slopes slope{}, weight{};

  void finish() {
    for (std::size_t i = 0; i < kSlopes; ++i) slope[i] = level_db[i + 1] - level_db[i];
    const double loudest_db = *std::max_element(level_db.begin(), level_db.end());
    const Slopes peaks = nearest_peaks(slope, level_db);
    for (std::size_t i = 0; i < kSlopes; ++i) {
      weight[i] = kKmax / (kKmax + loudest_db - level_db[i]) * (kKlocmax / (kKlocmax + peaks[i] - level_db[i]));
    }
  }
};

double frame_distance(const Frame& a, const Frame& b) {
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < kSlopes; ++i) {
    const double weight = 0.5 * (a.weight[i] + b.weight[i]), difference = a.slope[i] - b.slope[i];
    sum += weight * difference * difference;
    weights += weight;
  }
  return sum / weights;
}

}  // namespace

double weighted_spectral_slope(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  constexpr double kFrameSeconds = 0.03, kLeastRateHz = 8000;
  const auto size = static_cast<std::size_t>(std::lround(kFrameSeconds * rate_hz));
  const auto hop = static_cast<std::size_t>(0.25 * kFrameSeconds * rate_hz + 1e-9);
  if (rate_hz < kLeastRateHz || clean.size() < size + hop) return std::numeric_limits<double>::quiet_NaN();

  PowerSpectrum spectrum(std::bit_ceil(2 * size));
  const std::vector<std::vector<double>> filters = band_filters(spectrum.size() / 2, rate_hz);
  std::vector<double> window(size), cut(size), power(spectrum.bins());
  for (std::size_t i = 0; i < size; ++i) {
    const double phase = static_cast<double>(i + 1) / static_cast<double>(size + 1);
    window[i] = 0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * phase));
  }
  const auto analyse = [&](std::span<const float> x, std::size_t start) {
    for (std::size_t i = 0; i < size; ++i) cut[i] = window[i] * x[start + i];
    spectrum(cut, power);
    Frame frame;
    for (std::size_t b = 0; b < kBands; ++b) {
      double energy = 0;
      for (std::size_t k = 0; k < filters[b].size(); ++k) energy += filters[b][k] * power[k];
      frame.level_db[b] = energy > 0 ? std::max(kFloorDb, 10.0 * std::log10(energy)) : kFloorDb;
    }
    frame.finish();
    return frame;
  };
  std::vector<double> distances((clean.size() - size) / hop);  // the last whole frame is left out, as published
  for (std::size_t f = 0; f < distances.size(); ++f) {
    distances[f] = frame_distance(analyse(clean, f * hop), analyse(estimate, f * hop));
  }
  return mean_of_lowest(std::move(distances), kKeptShare);
}

}  // namespace pellucid::metrics
