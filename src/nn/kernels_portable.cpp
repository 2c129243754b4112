// For whatever the compiler targets, with vectors of 4; never contracted, so that every build gives the same bits.
#include "nn/kernel_sets.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kLanes = 4, kPanel = 8, kNarrow = 0;
constexpr size_t kRows1 = 4, kRows2 = 0;  // 8 of SSE2's 16 registers hold sums
#if defined(__wasm__)
constexpr uint32_t kSparsePercent = 0;  // a page downloads these: it has no kernels for blocks
#else
constexpr uint32_t kSparsePercent = 95;
#endif

#include "nn/kernels_body.inl"

}  // namespace

const Kernels kPortableKernels = {"portable", kPanel, kSparsePercent, affine,     mix_bands,
                                  gru_gates,  attend, compress,       decompress, saturate};

}  // namespace pellucid::nn
