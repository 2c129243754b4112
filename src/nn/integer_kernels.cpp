#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

struct Set {
  const IntegerKernels* kernels;
  bool (*runs)();
};

const Set kSets[] = {
    {&kScalarIntegerKernels, [] { return true; }},
#if defined(PELLUCID_PORTABLE_ONLY)
#elif defined(__x86_64__)
    {&kAvx2IntegerKernels,
     [] {
       __builtin_cpu_init();
       return __builtin_cpu_supports("avx2") != 0;
     }},
    {&kAvx512IntegerKernels,
     [] {
       __builtin_cpu_init();
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni");
     }},
#elif defined(__aarch64__)
    {&kNeonIntegerKernels, [] { return true; }},
#endif
};

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

const IntegerKernels* integer_kernels_at(size_t index) {
  for (const Set& set : kSets) {
    if (set.runs() && index-- == 0) return set.kernels;
  }
  return nullptr;
}

const IntegerKernels* integer_kernels_named(const char* name) {
  size_t index = 0;
  while (const IntegerKernels* kernels = integer_kernels_at(index++)) {
    if (equal(kernels->name, name)) return kernels;
  }
  return nullptr;
}

const IntegerKernels& best_integer_kernels() {
  const IntegerKernels* best = &kScalarIntegerKernels;
  size_t index = 0;
  while (const IntegerKernels* kernels = integer_kernels_at(index++)) best = kernels;
  return *best;
}

}  // namespace pellucid::nn
