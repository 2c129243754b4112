// What every set of integer kernels has to satisfy: the bits of the scalar set. Without a test framework, as
// kernel_checks.hpp.
#pragma once

#include <string>

#include "nn/integer_kernels.hpp"

namespace pellucid::nn::test {

/// Empty when all is well, else what is not.
std::string check_integer_products(const IntegerKernels& kernels);
std::string check_integer_bins(const IntegerKernels& kernels);
std::string check_integer_transform(const IntegerKernels& kernels);
/// Whole networks, every mixer, random architectures.
std::string check_integer_networks(const IntegerKernels& kernels);

}  // namespace pellucid::nn::test
