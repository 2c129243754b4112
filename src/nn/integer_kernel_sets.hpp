// The sets of integer kernels as their files define them; which of them are there and run, integer_kernels.cpp knows.
#pragma once

#include "dsp/fixed.hpp"
#include "nn/integer_kernels.hpp"

namespace pellucid::nn {

extern const IntegerKernels kAvx2IntegerKernels, kAvx512IntegerKernels, kNeonIntegerKernels;

// Of kAvx512IntegerKernels.
void avx512_gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden);
void avx512_compress(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins);
void avx512_decompress(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins);

}  // namespace pellucid::nn
