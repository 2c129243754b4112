// Compiled with -mavx512vnni and kin; runs only where integer_kernels_at() has found them.
#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

// Each needs those before it.
// clang-format off
#include "nn/integer_kernels_avx512_lanes.inl"
#include "nn/integer_kernels_body.inl"
#include "nn/integer_kernels_products.inl"
#include "nn/integer_kernels_transform.inl"
// clang-format on

}  // namespace

const IntegerKernels kAvx512IntegerKernels = {"avx512",
                                              packed_bytes,
                                              pack,
                                              affine,
                                              mix,
                                              mix_bands,
                                              avx512_gru_gates,
                                              avx512_compress,
                                              avx512_decompress,
                                              {pass, cut, split, join, overlap_add}};

}  // namespace pellucid::nn
