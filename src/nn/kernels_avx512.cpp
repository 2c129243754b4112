// Compiled with -mavx512f and kin; runs only where kernels_at() has found them.
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 16, kPanel = 16, kNarrow = 8;
constexpr size_t kRows1 = 14, kRows2 = 12;  // 14 and 24 of 32 registers hold sums
constexpr uint32_t kSparsePercent = 95;

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kAvx512Kernels = {"avx512",  kPanel, kSparsePercent, affine,     mix_bands,
                                gru_gates, attend, compress,       decompress, saturate};

}  // namespace pellucid::nn
