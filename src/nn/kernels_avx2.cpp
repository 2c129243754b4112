// Compiled with -mavx2 -mfma; runs only where best_kernels() has found both.
#include "nn/kernels.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 8, kRows1 = 8, kRows2 = 6;  // 8 and 12 of 16 registers hold sums

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kAvx2Kernels = {"avx2", affine, mix_bands, gru_gates, compress, decompress};

}  // namespace pellucid::nn
