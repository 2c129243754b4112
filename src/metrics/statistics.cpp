#include "metrics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

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

}  // namespace pellucid::metrics
