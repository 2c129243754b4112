// What becomes of a row's sum; shared by all sets of kernels.
#pragma once

#include "dsp/fixed.hpp"
#include "nn/integer_model.hpp"

namespace pellucid::nn {

PELLUCID_INLINE int32_t scale_sum(int32_t sum, const RowScale& scale) {
  int32_t v = sum >> scale.shift;
  v = v > 131071 ? 131071 : v < -131072 ? -131072 : v;
  return (v * (v < 0 ? scale.negative : scale.multiplier) + 8192) >> 14;
}

}  // namespace pellucid::nn
