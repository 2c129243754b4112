#include "nn/integer_kernel_sets.hpp"
#include "nn/kernel_choice.hpp"

namespace pellucid::nn {
namespace {

constexpr KernelChoice<IntegerKernels> kChoices[] = {
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

}  // namespace

const IntegerKernels* integer_kernels_at(size_t index) { return choice_at(kChoices, index); }
const IntegerKernels* integer_kernels_named(const char* name) { return choice_named(kChoices, name); }
const IntegerKernels& best_integer_kernels() { return best_choice(kChoices); }

}  // namespace pellucid::nn
