#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"
#include "metrics/statistics.hpp"

namespace pellucid::metrics {
namespace {

constexpr std::size_t kMaxOrder = 16;
using Coefficients = std::array<double, kMaxOrder + 1>;

Coefficients autocorrelation(const std::vector<double>& x, std::size_t order) {
  Coefficients r{};
  for (std::size_t k = 0; k <= order; ++k) {
    for (std::size_t i = 0; i + k < x.size(); ++i) r[k] += x[i] * x[i + k];
  }
  return r;
}

/// The prediction error filter by Levinson and Durbin; 1, 0, 0, … for silence.
Coefficients predictor(const Coefficients& r, std::size_t order) {
  Coefficients a{};
  a[0] = 1;
  double error = r[0];
  for (std::size_t i = 1; i <= order && error > 0; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < i; ++j) sum += a[j] * r[i - j];
    const double reflection = -sum / error;
    const Coefficients last = a;
    for (std::size_t j = 1; j <= i; ++j) a[j] = last[j] + reflection * last[i - j];
    error *= 1 - reflection * reflection;
  }
  return a;
}

/// The power that filter `a` leaves of a signal with autocorrelation `r`.
double residual(const Coefficients& a, const Coefficients& r, std::size_t order) {
  double sum = 0;
  for (std::size_t i = 0; i <= order; ++i) {
    for (std::size_t j = 0; j <= order; ++j) sum += a[i] * a[j] * r[i > j ? i - j : j - i];
  }
  return sum;
}

}  // namespace

double log_likelihood_ratio(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kFrameSeconds = 0.03, kMost = 2, kKeptShare = 0.95;
  const auto size = static_cast<std::size_t>(std::lround(kFrameSeconds * rate_hz));
  const auto hop = static_cast<std::size_t>(0.25 * kFrameSeconds * rate_hz + 1e-9);
  const std::size_t order = rate_hz < 10000 ? 10 : kMaxOrder;
  if (hop == 0 || size <= order || clean.size() < size + hop) return kNan;

  std::vector<double> window(size), frame(size), distances;
  for (std::size_t i = 0; i < size; ++i) {
    const double phase = static_cast<double>(i + 1) / static_cast<double>(size + 1);
    window[i] = 0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * phase));
  }
  const auto analyse = [&](std::span<const float> x, std::size_t start) {
    for (std::size_t i = 0; i < size; ++i) frame[i] = window[i] * x[start + i];
    return autocorrelation(frame, order);
  };
  const std::size_t frames = (clean.size() - size) / hop;  // the last whole frame is left out, as published
  distances.reserve(frames);
  for (std::size_t f = 0; f < frames; ++f) {
    const Coefficients r = analyse(clean, f * hop);
    if (!(r[0] > 0)) continue;  // silence has no spectrum to be like
    const double best = residual(predictor(r, order), r, order);
    const double got = residual(predictor(analyse(estimate, f * hop), order), r, order);
    const double distance = std::log(got / best);
    distances.push_back(std::isnan(distance) ? kMost : std::min(kMost, distance));
  }
  if (distances.empty()) return kNan;
  return mean_of_lowest(std::move(distances), kKeptShare);
}

}  // namespace pellucid::metrics
