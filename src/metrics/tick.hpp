// Where an axis has its ticks, and what stands beside them.
#pragma once

#include <string>

namespace pellucid::metrics {

/// The smallest of 1, 2, 5 times a power of ten that makes at most `most` steps of `span`.
double nice_step(double span, int most);

/// `value` with as many digits as ticks `step` apart need: "0.5" for steps of 0.1 to 0.9, "12" for steps of 1 and more.
std::string tick_text(double value, double step);

}  // namespace pellucid::metrics
