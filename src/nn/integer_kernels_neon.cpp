#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 4, kRows = 8, kRowsOfTwo = 8;
typedef int32_t Sums __attribute__((vector_size(16)));
typedef int16_t Pairs __attribute__((vector_size(16)));
typedef int8_t Bytes __attribute__((vector_size(8)));
typedef int16_t Shorts __attribute__((vector_size(8)));

/// Products of neighbours, widened and added up: smull, smull2, addp.
PELLUCID_INLINE Sums dot(Sums sums, Pairs w, Pairs x) {
  const Sums low = __builtin_convertvector(Shorts{w[0], w[2], w[4], w[6]}, Sums) *
                   __builtin_convertvector(Shorts{x[0], x[2], x[4], x[6]}, Sums);
  const Sums high = __builtin_convertvector(Shorts{w[1], w[3], w[5], w[7]}, Sums) *
                    __builtin_convertvector(Shorts{x[1], x[3], x[5], x[7]}, Sums);
  return sums + low + high;
}

PELLUCID_INLINE Sums widened(Shorts x) { return __builtin_convertvector(x, Sums); }
PELLUCID_INLINE Pairs widened(Bytes x) { return __builtin_convertvector(x, Pairs); }
PELLUCID_INLINE Shorts narrowed(Sums x) { return __builtin_convertvector(x, Shorts); }

PELLUCID_INLINE Pairs packed16(Sums a, Sums b) {
  const auto limited = [](Sums x) {
    const Sums below = x < 32767 ? x : Sums{} + 32767;
    return narrowed(below > -32768 ? below : Sums{} - 32768);
  };
  return __builtin_shufflevector(limited(a), limited(b), 0, 1, 2, 3, 4, 5, 6, 7);
}

PELLUCID_INLINE Sums gather(const int32_t* table, Sums index) {
  return Sums{table[index[0]], table[index[1]], table[index[2]], table[index[3]]};
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

const IntegerKernels kNeonIntegerKernels = {
    "neon",    packed_bytes, pack,     affine,     mix,
    mix_bands, gru_gates,    compress, decompress, {pass, cut, split, join, overlap_add}};

}  // namespace pellucid::nn
