#include <algorithm>
#include <cmath>

#include "metrics/metrics.hpp"

namespace pellucid::metrics {

Composite composite(double pesq, double llr, double wss, double segmental_snr_db) {
  const auto limit = [](double mos) { return std::isnan(mos) ? mos : std::clamp(mos, 1.0, 5.0); };
  return {limit(3.093 - 1.029 * llr + 0.603 * pesq - 0.009 * wss),
          limit(1.634 + 0.478 * pesq - 0.007 * wss + 0.063 * segmental_snr_db),
          limit(1.594 + 0.805 * pesq - 0.512 * llr - 0.007 * wss)};
}

}  // namespace pellucid::metrics
