// The checks of kernel_checks.hpp for the sets of kernels that the arguments name, for processors that are reached
// through an emulator.
#include <cstdio>

#include "integer_kernel_checks.hpp"
#include "kernel_checks.hpp"

int main(int argc, char** argv) {
  using namespace pellucid::nn;
  int failed = argc < 2 ? 1 : 0;
  for (int set = 1; set < argc; ++set) {
    const Kernels* kernels = kernels_named(argv[set]);
    if (kernels == nullptr) std::printf("%s: there are no such kernels here\n", argv[set]), ++failed;
    for (int i = 0; kernels != nullptr && i < test::kKernelCheckCount; ++i) {
      const std::string wrong = test::kKernelChecks[i].run(*kernels);
      std::printf("%s %s: %s\n", kernels->name, test::kKernelChecks[i].name, wrong.empty() ? "ok" : wrong.c_str());
      if (!wrong.empty()) ++failed;
    }
    // Where there is no such set of integer kernels, the scalar one is the one that runs.
    const IntegerKernels* integers = integer_kernels_named(argv[set]);
    if (integers == nullptr) integers = &best_integer_kernels();
    for (auto* check : {test::check_integer_products, test::check_integer_bins, test::check_integer_transform,
                        test::check_integer_networks}) {
      const std::string wrong = check(*integers);
      std::printf("%s, integers: %s\n", integers->name, wrong.empty() ? "ok" : wrong.c_str());
      if (!wrong.empty()) ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}
