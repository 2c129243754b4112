// For WebAssembly with -msimd128. Engines map its values to 16 registers or more, and it has no fused multiply-add.
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 4, kPanel = 8, kNarrow = 4;
constexpr size_t kRows1 = 6, kRows2 = 0;  // 12 registers hold sums
constexpr uint32_t kSparsePercent = 95;

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kSimd128Kernels = {"simd128", kPanel, kSparsePercent, affine,     mix_bands,
                                 gru_gates, attend, compress,       decompress, saturate};

}  // namespace pellucid::nn
