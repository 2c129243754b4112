// The sets of integer kernels as their files define them; which of them are there and run, integer_kernels.cpp knows.
#pragma once

#include "dsp/fixed.hpp"
#include "nn/integer_kernels.hpp"

namespace pellucid::nn {

extern const IntegerKernels kAvx2IntegerKernels, kAvx512IntegerKernels, kNeonIntegerKernels;

}  // namespace pellucid::nn
