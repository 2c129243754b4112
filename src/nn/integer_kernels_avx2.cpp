// Compiled with -mavx2; runs only where integer_kernels_at() has found it.
#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 8, kRows = 8, kRowsOfTwo = 4;
typedef int32_t Sums __attribute__((vector_size(32)));
typedef int16_t Pairs __attribute__((vector_size(32)));
typedef int8_t Bytes __attribute__((vector_size(16)));
typedef int16_t Shorts __attribute__((vector_size(16)));

PELLUCID_INLINE Sums dot(Sums sums, Pairs w, Pairs x) { return sums + (Sums)__builtin_ia32_pmaddwd256(w, x); }

PELLUCID_INLINE Sums widened(Shorts x) { return __builtin_convertvector(x, Sums); }
// GCC 12 converts half by half where it is not told.
PELLUCID_INLINE Pairs widened(Bytes x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Pairs);
#else
  typedef char Chars __attribute__((vector_size(16)));
  return (Pairs)__builtin_ia32_pmovsxbw256((Chars)x);
#endif
}
PELLUCID_INLINE Shorts narrowed(Sums x) { return __builtin_convertvector(x, Shorts); }

PELLUCID_INLINE Pairs packed16(Sums a, Sums b) {
  typedef long long Quads __attribute__((vector_size(32)));
  const Quads turns = (Quads)__builtin_ia32_packssdw256(a, b);
  return (Pairs)__builtin_shufflevector(turns, turns, 0, 2, 1, 3);
}

PELLUCID_INLINE Sums gather(const int32_t* table, Sums index) {
#if defined(__clang__)
  return (Sums)__builtin_ia32_gatherd_d256(Sums{}, table, index, ~Sums{}, 4);
#else
  return (Sums)__builtin_ia32_gathersiv8si(Sums{}, table, index, ~Sums{}, 4);
#endif
}

// Each needs those before it.
// clang-format off
#include "nn/integer_kernels_body.inl"
#include "nn/integer_kernels_gather.inl"
#include "nn/integer_kernels_products.inl"
#include "nn/integer_kernels_bins.inl"
#include "nn/integer_kernels_transform.inl"
// clang-format on

}  // namespace

const IntegerKernels kAvx2IntegerKernels = {
    "avx2",    packed_bytes, pack,     affine,     mix,
    mix_bands, gru_gates,    compress, decompress, {pass, cut, split, join, overlap_add}};

}  // namespace pellucid::nn
