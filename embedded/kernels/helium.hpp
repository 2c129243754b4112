// Kernels for Helium (Cortex-M55) beside the products: four numbers of 32 bits an instruction.
#pragma once

#include <arm_mve.h>

#include "dsp/math.hpp"
#include "nn/integer_kernels.hpp"

namespace pellucid::chip {

void helium_gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden);
void helium_compress(const nn::IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins);
void helium_decompress(const nn::IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins);
void helium_pass(const dsp::FixedPass& pass);

/// dsp::saturate16.
PELLUCID_INLINE int32x4_t limited(int32x4_t x) {
  return vmaxq_s32(vminq_s32(x, vdupq_n_s32(32767)), vdupq_n_s32(-32767));
}

}  // namespace pellucid::chip
