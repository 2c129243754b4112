// The rest of the set of integer_kernels_avx512.cpp: long chains of steps, two of them side by side, which GCC takes in
// turn where it is told. Products are faster without.
#include "nn/integer_kernel_sets.hpp"

namespace pellucid::nn {
namespace {

// Each needs those before it.
// clang-format off
#include "nn/integer_kernels_avx512_lanes.inl"
#include "nn/integer_kernels_body.inl"
#include "nn/integer_kernels_avx512_tables.inl"
#include "nn/integer_kernels_bins.inl"
// clang-format on

}  // namespace

void avx512_gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  gru_gates(gi, gh, h, rows, hidden);
}
void avx512_compress(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins) {
  compress(c, spectrum, features, bins);
}
void avx512_decompress(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins) {
  decompress(c, mask, features, spectrum, bins);
}

}  // namespace pellucid::nn
