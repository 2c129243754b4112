// Compiled with -mavx512vnni and kin; runs only where integer_kernels_at() has found them.
#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 16, kRows = 12;
typedef int32_t Sums __attribute__((vector_size(64)));
typedef int16_t Pairs __attribute__((vector_size(64)));
typedef int16_t Shorts __attribute__((vector_size(32)));

PELLUCID_INLINE Sums dot(Sums sums, Pairs w, Pairs x) {
#if defined(__clang__)
  return (Sums)__builtin_ia32_vpdpwssd512(sums, (Sums)w, (Sums)x);
#else
  return (Sums)__builtin_ia32_vpdpwssd_v16si(sums, (Sums)w, (Sums)x);
#endif
}

// GCC 12 converts half by half where it is not told.
PELLUCID_INLINE Sums widened(Shorts x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Sums);
#else
  return (Sums)__builtin_ia32_pmovsxwd512_mask(x, Sums{}, static_cast<uint16_t>(0xffff));
#endif
}
PELLUCID_INLINE Shorts narrowed(Sums x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Shorts);
#else
  return (Shorts)__builtin_ia32_pmovdw512_mask(x, Shorts{}, static_cast<uint16_t>(0xffff));
#endif
}

PELLUCID_INLINE Sums gather(const int32_t* table, Sums index) {
  return (Sums)__builtin_ia32_gathersiv16si(Sums{}, table, index, static_cast<uint16_t>(0xffff), 4);
}

#include "nn/integer_kernels_body.inl"

}  // namespace

const IntegerKernels kAvx512IntegerKernels = {"avx512",  packed_bytes, pack,     affine,     mix,
                                              mix_bands, gru_gates,    compress, decompress, pass};

}  // namespace pellucid::nn
