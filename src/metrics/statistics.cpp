#include "metrics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include "support/random.hpp"

namespace pellucid::metrics {

Summary summarize(std::span<const double> values) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr std::size_t kResamples = 10000;
  std::vector<double> known;
  std::copy_if(values.begin(), values.end(), std::back_inserter(known), [](double v) { return !std::isnan(v); });
  const std::size_t n = known.size();
  if (n == 0) return {0, kNan, kNan, kNan};
  double sum = 0;
  for (double v : known) sum += v;
  const double mean = sum / static_cast<double>(n);
  if (n < 2) return {n, mean, kNan, kNan};

  Random random(1, n);
  std::vector<double> means(kResamples);
  for (double& m : means) {
    double total = 0;
    for (std::size_t i = 0; i < n; ++i) total += known[random.integer(n)];
    m = total / static_cast<double>(n);
  }
  const auto quantile = [&](double q) {
    const auto at = means.begin() + static_cast<std::ptrdiff_t>(q * (kResamples - 1));
    std::nth_element(means.begin(), at, means.end());
    return *at;
  };
  const double low = quantile(0.025), high = quantile(0.975);
  return {n, mean, low, high};
}

double mean_of_lowest(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto kept =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::nearbyint(share * static_cast<double>(values.size()))));
  double sum = 0;
  for (std::size_t i = 0; i < kept; ++i) sum += values[i];
  return sum / static_cast<double>(kept);
}

double sign_flip_p(std::span<const double> differences) {
  constexpr std::size_t kExact = 16, kChoices = 100000;
  std::vector<double> known;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(known),
               [](double v) { return !std::isnan(v); });
  const std::size_t n = known.size();
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0, size = 0;
  for (double v : known) {
    sum += v;
    size += std::abs(v);
  }
  const double least = std::abs(sum) - 1e-12 * size;  // rounding is no difference
  std::size_t as_far = 0;
  const auto count = [&](auto flip) {
    double flipped = 0;
    for (std::size_t i = 0; i < n; ++i) flipped += flip(i) ? -known[i] : known[i];
    if (std::abs(flipped) >= least) ++as_far;
  };
  if (n <= kExact) {
    const std::size_t choices = std::size_t{1} << n;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      count([&](std::size_t i) { return ((choice >> i) & 1U) != 0; });
    }
    return static_cast<double>(as_far) / static_cast<double>(choices);
  }
  Random random(2, n);
  for (std::size_t choice = 0; choice < kChoices; ++choice) {
    std::uint64_t bits = 0;
    count([&](std::size_t i) {
      if (i % 64 == 0) bits = random.bits();
      return ((bits >> (i % 64)) & 1U) != 0;
    });
  }
  return static_cast<double>(as_far + 1) / static_cast<double>(kChoices + 1);
}

}  // namespace pellucid::metrics
