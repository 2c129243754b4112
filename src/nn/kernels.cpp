#include "nn/kernels.hpp"

#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

struct Set {
  const Kernels* kernels;
  bool (*runs)();
};

const Set kSets[] = {
    {&kPortableKernels, [] { return true; }},
#if defined(PELLUCID_PORTABLE_ONLY)
#elif defined(__x86_64__)
    {&kAvx2Kernels,
     [] {
       __builtin_cpu_init();
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
     }},
    {&kAvx512Kernels,
     [] {
       __builtin_cpu_init();
       return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq");
     }},
#elif defined(__aarch64__)
    {&kNeonKernels, [] { return true; }},
#elif defined(__wasm_simd128__)
    {&kSimd128Kernels, [] { return true; }},
#endif
};

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

const Kernels* kernels_at(size_t index) {
  for (const Set& set : kSets) {
    if (set.runs() && index-- == 0) return set.kernels;
  }
  return nullptr;
}

const Kernels* kernels_named(const char* name) {
  size_t index = 0;
  while (const Kernels* kernels = kernels_at(index++)) {
    if (equal(kernels->name, name)) return kernels;
  }
  return nullptr;
}

const Kernels& best_kernels() {
  const Kernels* best = &kPortableKernels;
  size_t index = 0;
  while (const Kernels* kernels = kernels_at(index++)) best = kernels;
  return *best;
}

}  // namespace pellucid::nn
