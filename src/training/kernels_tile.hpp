// The inner loops of every product of kernels.hpp: a tile of C in registers, whose rows take one broadcast number of A
// and vectors of B at a time. A number is a float, or two bfloat16 side by side whose products are added up.
#pragma once

#include <algorithm>
#include <type_traits>

#include "training/kernels.hpp"
#include "training/vector.hpp"
#if defined(__AVX512BF16__)
#include <immintrin.h>

#include <bit>
#endif

namespace pellucid::training::kernels {

#if defined(__AVX512BF16__)
inline constexpr bool kMultipliesPairs = true;
#else
inline constexpr bool kMultipliesPairs = false;
#endif

inline Vec multiply_add(Vec sum, Vec a, Vec b) { return sum + a * b; }
inline Vec multiply_add(Vec sum, VecInt a, VecInt b) {
#if defined(__AVX512BF16__)
  return std::bit_cast<Vec>(
      _mm512_dpbf16_ps(std::bit_cast<__m512>(sum), std::bit_cast<__m512bh>(a), std::bit_cast<__m512bh>(b)));
#else
  const auto low = [](VecInt x) { return reinterpret_cast<Vec>(x << 16); };
  const auto high = [](VecInt x) { return reinterpret_cast<Vec>(x & ~0xffff); };
  return sum + low(a) * low(b) + high(a) * high(b);
#endif
}

inline Vec splat_number(float x) { return splat(x); }
inline VecInt splat_number(Pair x) { return VecInt{} + static_cast<std::int32_t>(x); }
inline Vec load_numbers(const float* p) { return load(p); }
inline VecInt load_numbers(const Pair* p) {
  VecInt v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// C tile of R rows and V vectors; A(r, k) = a[r*row_step + k*depth_step].
template <int R, int V, typename Number>
void tile(Index k_count, const Number* a, Index row_step, Index depth_step, const Number* b, Index ldb, float* c,
          Index ldc, float beta, Index tail) {
  Vec acc[R][V];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) acc[r][v] = Vec{};
  for (Index k = 0; k < k_count; ++k) {
    decltype(load_numbers(b)) bv[V];
    for (int v = 0; v < V; ++v) bv[v] = load_numbers(b + k * ldb + v * kLanes);
    const Number* ak = a + k * depth_step;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const auto ar = splat_number(ak[r * row_step]);
      for (int v = 0; v < V; ++v) acc[r][v] = multiply_add(acc[r][v], ar, bv[v]);
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

template <int V, typename Number>
void tile_columns(Index m, Index k, const Number* a, Index row_step, Index depth_step, const Number* b, Index ldb,
                  float* c, Index ldc, float beta, Index tail) {
  Index i = 0;
  constexpr int kRows = V == 1 ? 16 : 8;
  for (; i + kRows <= m; i += kRows)
    tile<kRows, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
  for (; i + 4 <= m; i += 4)
    tile<4, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
  for (; i < m; ++i) tile<1, V>(k, a + i * row_step, row_step, depth_step, b, ldb, c + i * ldc, ldc, beta, tail);
}

// Rows of B hold whole vectors.
template <typename Number>
void tile_all(Index m, Index n, Index k, const Number* a, Index row_step, Index depth_step, const Number* b, Index ldb,
              float* c, Index ldc, float beta) {
  const auto run = [&](auto vectors, Index j) {
    constexpr int kVectors = decltype(vectors)::value;
    const Index before_last = (kVectors - 1) * kLanes;
    tile_columns<kVectors>(m, k, a, row_step, depth_step, b + j, ldb, c + j, ldc, beta,
                           std::min<Index>(n - j - before_last, kLanes));
    return j + before_last + kLanes;
  };
  for (Index j = 0; j < n;) {
    const Index vectors = padded(n - j) / kLanes;  // one is slowest: each number of A is then read for one vector alone
    if (vectors % 3 == 0)
      j = run(std::integral_constant<int, 3>(), j);
    else if (vectors > 1)
      j = run(std::integral_constant<int, 2>(), j);
    else
      j = run(std::integral_constant<int, 1>(), j);
  }
}

}  // namespace pellucid::training::kernels
