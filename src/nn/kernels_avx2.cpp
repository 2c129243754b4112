// Compiled with -mavx2 -mfma; runs only where kernels_at() has found both.
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 8, kPanel = 8, kNarrow = 0;
constexpr size_t kRows1 = 10, kRows2 = 6;  // 10 and 12 of 16 registers hold sums
constexpr uint32_t kSparsePercent = 65;

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kAvx2Kernels = {"avx2",    kPanel, kSparsePercent, affine,     mix_bands,
                              gru_gates, attend, compress,       decompress, saturate};

}  // namespace pellucid::nn
