// The checks of kernel_checks.hpp for the sets of kernels that the arguments name, for processors that are reached
// through an emulator.
#include <cstdio>

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
  }
  return failed == 0 ? 0 : 1;
}
