// What a chip's set of integer kernels has of its own: the products, which are most of the work. The rest is the scalar
// set's. Either set gives the same bits.
#pragma once

#include "nn/integer_kernels.hpp"

namespace pellucid::chip {

/// Made where it is wanted: a constant that copies from another would have to be filled before main.
nn::IntegerKernels chip_kernels();

}  // namespace pellucid::chip
