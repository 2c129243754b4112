// Means with the interval that goes with them.
#pragma once

#include <cstddef>
#include <span>

namespace pellucid::metrics {

struct Summary {
  std::size_t count = 0;     ///< values that are not NaN
  double mean = 0;           ///< NaN when count is 0
  double low = 0, high = 0;  ///< 95 % interval of the mean; NaN when count is below 2
};

/// The mean of the values that are not NaN, and its 95 % percentile-bootstrap interval (Efron and Tibshirani 1993):
/// 10 000 resamples from a fixed seed, so that the same values always give the same interval.
Summary summarize(std::span<const double> values);

}  // namespace pellucid::metrics
