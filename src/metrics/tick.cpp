#include "metrics/tick.hpp"

#include <fmt/format.h>

#include <cmath>

namespace pellucid::metrics {

double nice_step(double span, int most) {
  const double least = span / most, unit = std::pow(10.0, std::floor(std::log10(least)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (unit * factor >= least * (1 - 1e-9)) return unit * factor;
  }
  return unit * 10.0;
}

std::string tick_text(double value, double step) {
  const int digits = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  return fmt::format("{:.{}f}", std::abs(value) < step * 1e-6 ? 0.0 : value, digits);  // no "-0.0"
}

}  // namespace pellucid::metrics
