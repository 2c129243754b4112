// The sets of kernels as their files define them; which of them are there and run, kernels.cpp knows.
#pragma once

#include "nn/blocks.hpp"
#include "nn/kernels.hpp"

namespace pellucid::nn {

extern const Kernels kPortableKernels, kAvx2Kernels, kAvx512Kernels, kNeonKernels, kSimd128Kernels;

}  // namespace pellucid::nn
