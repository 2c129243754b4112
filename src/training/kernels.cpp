#include "training/kernels.hpp"

#include <algorithm>
#include <vector>

#include "training/kernels_tile.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {
namespace {

thread_local std::vector<float> tls_pack;

}  // namespace

void gemm(Index m, Index n, Index k, const float* a, Index row_step, Index depth_step, const float* b, Index ldb,
          float* c, Index ldc, float beta, bool readable) {
  if (n % kLanes != 0 && !readable) {  // pad the columns, so that the inner loop has no tail
    const Index wide = padded(n);
    tls_pack.resize(static_cast<std::size_t>(wide * k));
    for (Index i = 0; i < k; ++i)
      for (Index j = 0; j < n; j += kLanes)
        store(&tls_pack[i * wide + j], get(b + i * ldb + j, std::min<Index>(kLanes, n - j)));
    b = tls_pack.data();
    ldb = wide;
  }
  tile_all(m, n, k, a, row_step, depth_step, b, ldb, c, ldc, beta);
}

Precision precision_of(std::string_view name) {
  return kMultipliesPairs && name == "bfloat16" ? Precision::kBfloat16 : Precision::kFloat32;
}

void gemm(Index m, Index n, Index pairs, const Pair* a, Index row_step, Index pair_step, const Pair* b, Index ldb,
          float* c, Index ldc, float beta) {
  tile_all(m, n, pairs, a, row_step, pair_step, b, ldb, c, ldc, beta);
}

void power(Index n, const float* x, float exponent, float* y) {
  for (Index i = 0; i < n; i += kLanes) {
    const Index count = std::min<Index>(kLanes, n - i);
    const Vec v = get(x + i, count);
    const Vec r = select(v > splat(1e-37f), exp2(clamp(log2(v) * exponent, -126.0f, 126.0f)), Vec{});
    put(y + i, r, count);
  }
}

}  // namespace pellucid::training::kernels
