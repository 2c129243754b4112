#include "nn/kernels.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 4, kRows1 = 4, kRows2 = 0;  // 8 of SSE2's or 8 of NEON's registers hold sums

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kPortableKernels = {"portable", affine, mix_bands, gru_gates, compress, decompress};

}  // namespace pellucid::nn
