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

/// A signal at 10 kHz, of which one stretch is held: frames are asked for in rising order.
class Frames {
 public:
  Frames(std::span<const float> x, int rate_hz) : resampler_(x, rate_hz, kRateHz) {}

  std::size_t size() const { return resampler_.size(); }
  /// Samples begin … begin + kFrame - 1, windowed.
  std::array<double, kFrame> windowed(std::size_t begin) {
    if (begin + kFrame > begin_ + held_.size() || begin < begin_) {
      constexpr std::size_t kHeld = 8192;
      // What overlaps with the stretch before is not filtered again.
      const std::size_t known = begin >= begin_ && begin < begin_ + held_.size() ? begin_ + held_.size() - begin : 0;
      std::copy(held_.end() - static_cast<std::ptrdiff_t>(known), held_.end(), held_.begin());
      held_.resize(std::min(kHeld, size() - begin));
      begin_ = begin;
      resampler_.read(begin + known, std::span(held_).subspan(known));
    }
    std::array<double, kFrame> frame;
    for (std::size_t i = 0; i < kFrame; ++i) frame[i] = tables().window[i] * held_[begin - begin_ + i];
    return frame;
  }

 private:
  OctaveResampler resampler_;
  std::vector<double> held_;
  std::size_t begin_ = 0;
};

/// Frames of x louder than the loudest less 40 dB; empty when x is silent.
std::vector<std::size_t> active_frames(std::span<const float> signal, int rate_hz) {
  Frames x(signal, rate_hz);
  std::vector<double> level_db;
  level_db.reserve(x.size() / kHop);
  double loudest_db = -std::numeric_limits<double>::infinity();
  bool any = false;
  for (std::size_t start = 0; start + kFrame < x.size(); start += kHop) {
    double energy = 0;
    for (const double v : x.windowed(start)) energy += v * v;
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

/// The magnitudes in bands of what is left of a signal when windowed frames are overlapped and added as if the ones
/// between did not exist.
class KeptBands {
 public:
  KeptBands(std::span<const float> x, int rate_hz, std::size_t first_frame) : frames_(x, rate_hz) { add(first_frame); }

  /// The next frame of what is left, which `frame` completes.
  BandFrame next(std::size_t frame) {
    std::copy(sum_.begin() + kHop, sum_.end(), sum_.begin());
    std::fill(sum_.end() - kHop, sum_.end(), 0.0);
    add(frame);
    std::array<double, kFrame> windowed;
    for (std::size_t i = 0; i < kFrame; ++i) windowed[i] = tables().window[i] * sum_[i];
    spectrum_(windowed, power_);
    BandFrame bands{};
    for (std::size_t b = 0; b < kBands; ++b) {
      for (std::size_t k = tables().low[b]; k < tables().high[b]; ++k) bands[b] += power_[k];
      bands[b] = std::sqrt(bands[b]);
    }
    return bands;
  }

 private:
  void add(std::size_t frame) {
    const std::array<double, kFrame> x = frames_.windowed(frame * kHop);
    for (std::size_t i = 0; i < kFrame; ++i) sum_[kHop + i] += x[i];
  }

  Frames frames_;
  PowerSpectrum spectrum_{kFftSize};
  std::array<double, kHop + kFrame> sum_{};  // the frame to be measured, and the half that the next one adds to
  std::array<double, kFftSize / 2 + 1> power_{};
};

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
  const std::vector<std::size_t> kept = active_frames(clean, rate_hz);
  if (kept.size() < kSegment + 1) return {kNan, kNan};  // one frame is lost when the kept ones are cut again

  KeptBands x(clean, rate_hz, kept[0]), y(estimate, rate_hz, kept[0]);
  std::array<BandFrame, kSegment> x_bands, y_bands;
  Intelligibility sum;
  for (std::size_t f = 1; f < kept.size(); ++f) {
    std::copy(x_bands.begin() + 1, x_bands.end(), x_bands.begin());
    std::copy(y_bands.begin() + 1, y_bands.end(), y_bands.begin());
    x_bands.back() = x.next(kept[f]);
    y_bands.back() = y.next(kept[f]);
    if (f < kSegment) continue;
    if (plain) sum.stoi += segment_stoi(x_bands.data(), y_bands.data());
    if (extended) sum.estoi += segment_estoi(x_bands.data(), y_bands.data());
  }
  const auto segments = static_cast<double>(kept.size() - kSegment);
  return {sum.stoi / segments, sum.estoi / segments};
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
