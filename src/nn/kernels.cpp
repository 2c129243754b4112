#include "nn/kernels.hpp"

#include "nn/kernel_choice.hpp"
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr KernelChoice<Kernels> kChoices[] = {
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

}  // namespace

const Kernels* kernels_at(size_t index) { return choice_at(kChoices, index); }
const Kernels* kernels_named(const char* name) { return choice_named(kChoices, name); }
const Kernels& best_kernels() { return best_choice(kChoices); }

}  // namespace pellucid::nn
