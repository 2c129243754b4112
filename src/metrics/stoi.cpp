#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"
#include "metrics/octave_resample.hpp"
#include "metrics/power_spectrum.hpp"

namespace pellucid::metrics {
namespace {

constexpr int kRateHz = 10000;
constexpr std::size_t kFrame = 256, kHop = 128, kFftSize = 512, kBands = 15, kSegment = 30;
constexpr double kLowestBandHz = 150.0, kDynamicRangeDb = 40.0, kLowerSdrDb = -15.0;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using BandFrame = std::array<double, kBands>;

struct Tables {
  std::array<double, kFrame> window{};
  std::array<std::size_t, kBands + 1> low{}, high{};  // bins low..high-1 of a band

  Tables() {
    for (std::size_t i = 0; i < kFrame; ++i) {
      window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i + 1) / (kFrame + 1));
    }
    const auto nearest_bin = [](double hz) {
      return static_cast<std::size_t>(std::lround(hz * static_cast<double>(kFftSize) / kRateHz));
    };
    for (std::size_t b = 0; b < kBands; ++b) {
      low[b] = nearest_bin(kLowestBandHz * std::pow(2.0, (2.0 * static_cast<double>(b) - 1.0) / 6.0));
      high[b] = nearest_bin(kLowestBandHz * std::pow(2.0, (2.0 * static_cast<double>(b) + 1.0) / 6.0));
    }
  }
};

const Tables& tables() {
  static const Tables instance;
  return instance;
}

/// Frames of x louder than the loudest less 40 dB; empty when x is silent.
std::vector<std::size_t> active_frames(const std::vector<double>& x) {
  std::vector<double> level_db;
  double loudest_db = -std::numeric_limits<double>::infinity();
  bool any = false;
  for (std::size_t start = 0; start + kFrame < x.size(); start += kHop) {
    double energy = 0;
    for (std::size_t i = 0; i < kFrame; ++i) {
      const double v = tables().window[i] * x[start + i];
      energy += v * v;
    }
    any = any || energy > 0;
    level_db.push_back(20.0 * std::log10(std::sqrt(energy) + kEpsilon));
    loudest_db = std::max(loudest_db, level_db.back());
  }
  std::vector<std::size_t> kept;
  for (std::size_t f = 0; any && f < level_db.size(); ++f) {
    if (loudest_db - kDynamicRangeDb - level_db[f] < 0) kept.push_back(f);
  }
  return kept;
}

/// Windowed frames, overlapped and added as if the ones between did not exist.
std::vector<double> keep_frames(const std::vector<double>& x, const std::vector<std::size_t>& frames) {
  std::vector<double> y((frames.size() - 1) * kHop + kFrame, 0.0);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    for (std::size_t i = 0; i < kFrame; ++i) y[f * kHop + i] += tables().window[i] * x[frames[f] * kHop + i];
  }
  return y;
}

std::vector<BandFrame> band_magnitudes(const std::vector<double>& x) {
  PowerSpectrum spectrum(kFftSize);
  std::vector<BandFrame> bands((x.size() - kFrame) / kHop,
                               BandFrame{});  // the last whole frame is left out, as published
  std::array<double, kFrame> frame{};
  std::array<double, kFftSize / 2 + 1> power{};
  for (std::size_t f = 0; f < bands.size(); ++f) {
    for (std::size_t i = 0; i < kFrame; ++i) frame[i] = tables().window[i] * x[f * kHop + i];
    spectrum(frame, power);
    for (std::size_t b = 0; b < kBands; ++b) {
      for (std::size_t k = tables().low[b]; k < tables().high[b]; ++k) bands[f][b] += power[k];
      bands[f][b] = std::sqrt(bands[f][b]);
    }
  }
  return bands;
}

/// Equations 3 to 5 of Taal et al.: the sum over bands of the correlation with the scaled and clipped estimate.
double segment_stoi(const BandFrame* x, const BandFrame* y) {
  static const double clip = 1.0 + std::pow(10.0, -kLowerSdrDb / 20.0);
  double sum = 0;
  for (std::size_t b = 0; b < kBands; ++b) {
    double xx = 0, yy = 0;
    for (std::size_t t = 0; t < kSegment; ++t) {
      xx += x[t][b] * x[t][b];
      yy += y[t][b] * y[t][b];
    }
    const double scale = std::sqrt(xx) / (std::sqrt(yy) + kEpsilon);
    std::array<double, kSegment> clipped;
    double x_mean = 0, y_mean = 0;
    for (std::size_t t = 0; t < kSegment; ++t) {
      clipped[t] = std::min(y[t][b] * scale, x[t][b] * clip);
      x_mean += x[t][b] / kSegment;
      y_mean += clipped[t] / kSegment;
    }
    double product = 0, x_norm = 0, y_norm = 0;
    for (std::size_t t = 0; t < kSegment; ++t) {
      const double u = x[t][b] - x_mean, v = clipped[t] - y_mean;
      product += u * v;
      x_norm += u * u;
      y_norm += v * v;
    }
    sum += product / ((std::sqrt(x_norm) + kEpsilon) * (std::sqrt(y_norm) + kEpsilon));
  }
  return sum / kBands;
}

using SegmentMatrix = std::array<std::array<double, kSegment>, kBands>;

/// Every band's envelope, then every frame's spectrum, to zero mean and unit norm.
SegmentMatrix normalize_rows_then_columns(const BandFrame* x) {
  SegmentMatrix m;
  for (std::size_t b = 0; b < kBands; ++b) {
    double mean = 0, norm = 0;
    for (std::size_t t = 0; t < kSegment; ++t) mean += x[t][b] / kSegment;
    for (std::size_t t = 0; t < kSegment; ++t) {
      m[b][t] = x[t][b] - mean;
      norm += m[b][t] * m[b][t];
    }
    const double scale = norm > 0 ? 1.0 / std::sqrt(norm) : 0.0;
    for (double& v : m[b]) v *= scale;
  }
  for (std::size_t t = 0; t < kSegment; ++t) {
    double mean = 0, norm = 0;
    for (std::size_t b = 0; b < kBands; ++b) mean += m[b][t] / kBands;
    for (std::size_t b = 0; b < kBands; ++b) {
      m[b][t] -= mean;
      norm += m[b][t] * m[b][t];
    }
    const double scale = norm > 0 ? 1.0 / std::sqrt(norm) : 0.0;
    for (std::size_t b = 0; b < kBands; ++b) m[b][t] *= scale;
  }
  return m;
}

double segment_estoi(const BandFrame* x, const BandFrame* y) {
  const SegmentMatrix a = normalize_rows_then_columns(x), c = normalize_rows_then_columns(y);
  double sum = 0;
  for (std::size_t b = 0; b < kBands; ++b) {
    for (std::size_t t = 0; t < kSegment; ++t) sum += a[b][t] * c[b][t];
  }
  return sum / kSegment;
}

Intelligibility measure(std::span<const float> clean, std::span<const float> estimate, int rate_hz, bool plain,
                        bool extended) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  const std::vector<double> x = octave_resample(clean, rate_hz, kRateHz),
                            y = octave_resample(estimate, rate_hz, kRateHz);
  const std::vector<std::size_t> frames = active_frames(x);
  if (frames.size() < kSegment + 1) return {kNan, kNan};  // one frame is lost when the kept ones are cut again

  const std::vector<BandFrame> x_bands = band_magnitudes(keep_frames(x, frames));
  const std::vector<BandFrame> y_bands = band_magnitudes(keep_frames(y, frames));
  const std::size_t segments = x_bands.size() - kSegment + 1;
  Intelligibility sum;
  for (std::size_t s = 0; s < segments; ++s) {
    if (plain) sum.stoi += segment_stoi(&x_bands[s], &y_bands[s]);
    if (extended) sum.estoi += segment_estoi(&x_bands[s], &y_bands[s]);
  }
  return {sum.stoi / static_cast<double>(segments), sum.estoi / static_cast<double>(segments)};
}

}  // namespace

double stoi(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  return measure(clean, estimate, rate_hz, true, false).stoi;
}

double estoi(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  return measure(clean, estimate, rate_hz, false, true).estoi;
}

Intelligibility intelligibility(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  return measure(clean, estimate, rate_hz, true, true);
}

}  // namespace pellucid::metrics
