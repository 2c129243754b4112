// For AArch64, with fused multiply-adds, which kernels_portable.cpp must not have.
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 4, kPanel = 8, kNarrow = 4;
constexpr size_t kRows1 = 10, kRows2 = 6;  // 20 and 24 of 32 registers hold sums
constexpr uint32_t kSparsePercent = 65;

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kNeonKernels = {"neon",    kPanel, kSparsePercent, affine,     mix_bands,
                              gru_gates, attend, compress,       decompress, saturate};

}  // namespace pellucid::nn
