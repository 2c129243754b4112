// What every set of kernels has to satisfy, without a test framework, so that the same checks run where there is none:
// on another processor under an emulator (kernel_checks_main.cpp), and here in kernels_test.cpp.
#pragma once

#include <string>

#include "nn/kernels.hpp"

namespace pellucid::nn::test {

struct KernelCheck {
  const char* name;
  /// Empty when all is well, else what is not.
  std::string (*run)(const Kernels& kernels);
};

extern const KernelCheck kKernelChecks[];
extern const int kKernelCheckCount;

}  // namespace pellucid::nn::test
