// What every measure asks of its inputs.
#pragma once

#include <span>

#include "support/error.hpp"

namespace pellucid::metrics {

inline void require_pair(std::span<const float> clean, std::span<const float> estimate) {
  if (clean.size() != estimate.size()) {
    throw Error(ExitCode::kInput,
                "the clean signal has {} samples and the other one {}; a measure compares equal lengths", clean.size(),
                estimate.size());
  }
  if (clean.empty()) throw Error(ExitCode::kInput, "the signals to compare are empty; give at least one sample");
}

inline void require_rate(int rate_hz) {
  if (rate_hz <= 0) throw Error(ExitCode::kInput, "the sample rate is {} Hz; give a positive rate", rate_hz);
}

}  // namespace pellucid::metrics
