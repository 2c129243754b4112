#include "nn/kernels.hpp"

namespace pellucid::nn {

const Kernels& best_kernels() {
#ifdef PELLUCID_HAVE_AVX2
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kAvx2Kernels;
#endif
  return kPortableKernels;
}

}  // namespace pellucid::nn
