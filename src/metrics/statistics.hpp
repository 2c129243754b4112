// Means with the interval that goes with them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pellucid::metrics {

struct Summary {
  std::size_t count = 0;     ///< values that are not NaN
  double mean = 0;           ///< NaN when count is 0
  double low = 0, high = 0;  ///< 95 % interval of the mean; NaN when count is below 2
};

/// The mean of the values that are not NaN, and its 95 % percentile-bootstrap interval (Efron and Tibshirani 1993):
/// 10 000 resamples from a fixed seed, so that the same values always give the same interval.
Summary summarize(std::span<const double> values);

/// The mean of the lowest `share` of the values, at least of one; there is one, and none is NaN.
double mean_of_lowest(std::vector<double> values, double share);

/// How likely a mean as far from 0 would be if each difference could as well have had the other sign: the two-sided
/// p-value of the paired randomisation test (Fisher 1935). Exact up to 16 differences, from 100 000 random choices of
/// the signs, with a fixed seed, above. NaN values are left out; NaN when none is left.
double sign_flip_p(std::span<const double> differences);

}  // namespace pellucid::metrics
