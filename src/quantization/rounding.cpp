#include "quantization/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pellucid::quantization {
namespace {

/// Lower L with L L' = a, which is positive definite.
std::vector<double> cholesky(std::vector<double> a, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-30)) : sum / a[j * n + j];
    }
    for (std::size_t i = 0; i < j; ++i) a[i * n + j] = 0;
  }
  return a;
}

/// The inverse of L L'.
std::vector<double> inverse_of_factor(const std::vector<double>& l, std::size_t n) {
  std::vector<double> inverse(n * n), column(n);
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = i == c ? 1.0 : 0.0;
      for (std::size_t k = 0; k < i; ++k) sum -= l[i * n + k] * column[k];
      column[i] = sum / l[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      double sum = column[i];
      for (std::size_t k = i + 1; k < n; ++k) sum -= l[k * n + i] * inverse[k * n + c];
      inverse[i * n + c] = sum / l[i * n + i];
    }
  }
  return inverse;
}

}  // namespace

nn::RowScale make_scale(double step, double slope, double* exact) {
  const double most = std::max(1.0, std::abs(slope));
  int shift = static_cast<int>(std::floor(std::log2(nn::kLargestMultiplier / (step * most)))) - 14;
  shift = std::clamp(shift, 0, 31);
  const auto limited = [](double value) {
    constexpr double kMost = nn::kLargestMultiplier;
    return static_cast<std::int16_t>(std::lround(std::clamp(value, -kMost, kMost)));
  };
  nn::RowScale scale;
  scale.shift = static_cast<std::int16_t>(shift);
  scale.multiplier = limited(std::max(1.0, std::ldexp(step, 14 + shift)));
  scale.negative = limited(scale.multiplier * slope);
  *exact = std::ldexp(static_cast<double>(scale.multiplier), -14 - shift);
  return scale;
}

Rounder::Rounder(const std::vector<double>& covariance)
    : n_(static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(covariance.size()))))),
      covariance_(covariance) {
  double mean = 0;
  for (std::size_t i = 0; i < n_; ++i) mean += covariance[i * n_ + i] / static_cast<double>(n_);
  for (std::size_t i = 0; i < n_; ++i) covariance_[i * n_ + i] += 0.01 * mean + 1e-12;
  const std::vector<double> inverse = inverse_of_factor(cholesky(covariance_, n_), n_);
  const std::vector<double> lower = cholesky(inverse, n_);
  factor_.resize(n_ * n_);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = i; j < n_; ++j) factor_[i * n_ + j] = lower[j * n_ + i];
  }
}

RoundedRow Rounder::round_with(const std::vector<double>& weight, double step, double slope) const {
  RoundedRow row;
  row.scale = make_scale(step, slope, &row.step);
  std::vector<double> left = weight, error(n_);
  for (std::size_t i = 0; i < n_; ++i) {
    const double wanted = std::clamp(left[i] / row.step, -127.0, 127.0);
    row.weight.push_back(static_cast<int>(std::lround(wanted)));
    const double miss = (left[i] - row.weight[i] * row.step) / factor_[i * n_ + i];
    for (std::size_t j = i + 1; j < n_; ++j) left[j] -= miss * factor_[i * n_ + j];
  }
  for (std::size_t i = 0; i < n_; ++i) error[i] = weight[i] - row.weight[i] * row.step;
  for (std::size_t i = 0; i < n_; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n_; ++j) sum += covariance_[i * n_ + j] * error[j];
    row.error += error[i] * sum;
  }
  return row;
}

RoundedRow Rounder::round(const std::vector<double>& weight, double slope) const {
  double largest = 0;
  for (const double w : weight) largest = std::max(largest, std::abs(w));
  constexpr double kSmallestStep = 1.0 / 8192;  // below, a bias might not fit
  const double step = std::max(largest / 127, kSmallestStep);
  RoundedRow best;
  best.error = std::numeric_limits<double>::infinity();
  for (double share = 1.0; share > 0.5; share -= 0.05) {
    RoundedRow row = round_with(weight, std::max(step * share, kSmallestStep), slope);
    if (row.error < best.error) best = std::move(row);
  }
  return best;
}

}  // namespace pellucid::quantization
