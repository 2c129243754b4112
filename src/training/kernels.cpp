#include "training/kernels.hpp"

#include <algorithm>
#include <vector>

#include "training/vector.hpp"

namespace pellucid::training::kernels {
namespace {

// C tile of R rows and V vectors; A(r, k) = a[r*row_step + k*depth_step].
template <int R, int V>
void tile(Index k_count, const float* a, Index row_step, Index depth_step, const float* b, Index ldb, float* c,
          Index ldc, float beta, Index tail) {
  Vec acc[R][V];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) acc[r][v] = Vec{};
  for (Index k = 0; k < k_count; ++k) {
    Vec bv[V];
    for (int v = 0; v < V; ++v) bv[v] = load(b + k * ldb + v * kLanes);
    const float* ak = a + k * depth_step;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec ar = splat(ak[r * row_step]);
      for (int v = 0; v < V; ++v) acc[r][v] += ar * bv[v];
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      float* dst = c + r * ldc + v * kLanes;
      const Index n = v == V - 1 ? tail : kLanes;
      if (n == kLanes)
        store(dst, beta != 0 ? acc[r][v] + load(dst) : acc[r][v]);
      else
        store_part(dst, beta != 0 ? acc[r][v] + load_part(dst, n) : acc[r][v], n);
    }
  }
}

template <int V>
void columns(Index m, Index k, const float* a, Index row_step, Index depth_step, const float* b, Index ldb, float* c,
             Index ldc, float beta, Index tail) {
  Index i = 0;
  constexpr int kRows = 16 / V;
  for (; i + kRows <= m; i += kRows)
    tile<kRows, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
  for (; i + 4 <= m; i += 4)
    tile<4, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
  for (; i < m; ++i) tile<1, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
}

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
  Index j = 0;
  while (j < n) {
    const Index left = n - j;
    if (left > kLanes) {
      columns<2>(m, k, a, row_step, depth_step, b + j, ldb, c + j, ldc, beta, std::min<Index>(left - kLanes, kLanes));
      j += 2 * kLanes;
    } else {
      columns<1>(m, k, a, row_step, depth_step, b + j, ldb, c + j, ldc, beta, left);
      j += kLanes;
    }
  }
}

void power(Index n, const float* x, float exponent, float* y) {
  for (Index i = 0; i < n; i += kLanes) {
    const Index count = std::min<Index>(kLanes, n - i);
    const Vec v = count == kLanes ? load(x + i) : load_part(x + i, count);
    const Vec r = select(v > splat(1e-37f), exp2(clamp(log2(v) * exponent, -126.0f, 126.0f)), Vec{});
    store_part(y + i, r, count);
  }
}

}  // namespace pellucid::training::kernels
