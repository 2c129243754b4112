#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"

namespace pellucid::metrics {
namespace {

constexpr double kLimitDb = 100.0;

double mean(std::span<const float> x) {
  double sum = 0;
  for (float v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

}  // namespace

double si_sdr(std::span<const float> clean, std::span<const float> estimate) {
  require_pair(clean, estimate);
  const double clean_mean = mean(clean), estimate_mean = mean(estimate);
  double clean_energy = 0, product = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const double s = clean[i] - clean_mean, e = estimate[i] - estimate_mean;
    clean_energy += s * s;
    product += s * e;
  }
  if (clean_energy <= 0) return std::numeric_limits<double>::quiet_NaN();
  // The residual is summed sample by sample: |e|^2 - |target|^2 would cancel for good estimates.
  const double scale = product / clean_energy;
  double residual = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const double d = (estimate[i] - estimate_mean) - scale * (clean[i] - clean_mean);
    residual += d * d;
  }
  const double target = scale * scale * clean_energy;
  if (target <= 0) return -kLimitDb;
  if (residual <= 0) return kLimitDb;
  return std::clamp(10.0 * std::log10(target / residual), -kLimitDb, kLimitDb);
}

}  // namespace pellucid::metrics
