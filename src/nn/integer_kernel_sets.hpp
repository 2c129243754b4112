// The sets of integer kernels as their files define them; which of them are there and run, integer_kernels.cpp knows.
#pragma once

#include "dsp/fixed.hpp"
#include "nn/integer_kernels.hpp"

namespace pellucid::nn {

extern const IntegerKernels kAvx2IntegerKernels, kAvx512IntegerKernels, kNeonIntegerKernels;

/// The scalar set with other products.
constexpr IntegerKernels integer_kernels_with(const char* name, decltype(IntegerKernels::packed_bytes) packed_bytes,
                                              decltype(IntegerKernels::pack) pack,
                                              decltype(IntegerKernels::affine) affine,
                                              decltype(IntegerKernels::mix) mix,
                                              decltype(IntegerKernels::mix_bands) mix_bands) {
  return {name,
          packed_bytes,
          pack,
          affine,
          mix,
          mix_bands,
          integer_gru_gates,
          integer_compress,
          integer_decompress,
          dsp::fixed_pass};
}

}  // namespace pellucid::nn
