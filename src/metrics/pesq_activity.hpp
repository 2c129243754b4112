// Where PESQ hears speech, window by window of 4 ms.
#pragma once

#include <vector>

#include "metrics/pesq_signal.hpp"

namespace pellucid::metrics::pesq {

struct Activity {
  std::vector<float> power;      ///< 0 where there is no speech
  std::vector<float> log_power;  ///< natural logarithm over the threshold, at least 0
};

/// `signal` as for_alignment() gives it.
Activity find_activity(const Signal& signal);

}  // namespace pellucid::metrics::pesq
