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

Index padded(Index n) { return (n + kLanes - 1) / kLanes * kLanes; }

constexpr Index kBlockRows = 64;

// body(row that a tap reads, or -1 outside) for every tap of `count` rows, in order.
template <typename Body>
void for_taps(const Rows& rows, const Taps& taps, Index first, Index count, Body body) {
  Index frame = first / rows.positions, position = first % rows.positions;
  for (Index r = 0; r < count; ++r) {
    const Index step = frame % rows.sequence_frames;
    for (int j = 0; j < taps.count; ++j) {
      const Index p = position + taps.position_step[j], t = step + taps.frame_step[j];
      const bool inside = p >= 0 && p < rows.positions && t >= 0 && t < rows.sequence_frames;
      body(inside ? (frame + taps.frame_step[j]) * rows.positions + p : -1);
    }
    if (++position == rows.positions) position = 0, ++frame;
  }
}

// Copies the taps of `count` rows into [count, taps*in].
void gather(const Rows& rows, const Taps& taps, Index in, const float* x, Index first, Index count, float* dst) {
  const auto bytes = static_cast<std::size_t>(in) * sizeof(float);
  for_taps(rows, taps, first, count, [&](Index row) {
    if (row >= 0)
      std::memcpy(dst, x + row * in, bytes);
    else
      std::memset(dst, 0, bytes);
    dst += in;
  });
}

void scatter_add(const Rows& rows, const Taps& taps, Index in, const float* src, Index first, Index count, float* dx) {
  for_taps(rows, taps, first, count, [&](Index row) {
    if (row >= 0)
      for (Index c = 0; c < in; ++c) dx[row * in + c] += src[c];
    src += in;
  });
}

bool is_pointwise(const Taps& taps) { return taps.count == 1 && taps.frame_step[0] == 0 && taps.position_step[0] == 0; }

// weight [out, depth] -> [depth, out]
std::vector<float> transposed(const float* w, Index out, Index depth) {
  std::vector<float> t(static_cast<std::size_t>(out * depth));
  for (Index o = 0; o < out; ++o)
    for (Index d = 0; d < depth; ++d) t[d * out + o] = w[o * depth + d];
  return t;
}

}  // namespace

void gemm(Index m, Index n, Index k, const float* a, Index row_step, Index depth_step, const float* b, Index ldb,
          float* c, Index ldc, float beta) {
  const float* bp = b;
  if (n % kLanes != 0) {  // pad the columns, so that the inner loop has no tail
    const Index wide = padded(n);
    tls_pack.resize(static_cast<std::size_t>(wide * k));
    for (Index i = 0; i < k; ++i) {
      std::memcpy(&tls_pack[i * wide], b + i * ldb, static_cast<std::size_t>(n) * sizeof(float));
      std::memset(&tls_pack[i * wide + n], 0, static_cast<std::size_t>(wide - n) * sizeof(float));
    }
    bp = tls_pack.data();
    ldb = wide;
  }
  Index j = 0;
  while (j < n) {
    const Index left = n - j;
    if (left > kLanes) {
      columns<2>(m, k, a, row_step, depth_step, bp + j, ldb, c + j, ldc, beta, std::min<Index>(left - kLanes, kLanes));
      j += 2 * kLanes;
    } else {
      columns<1>(m, k, a, row_step, depth_step, bp + j, ldb, c + j, ldc, beta, left);
      j += kLanes;
    }
  }
}

void convolve(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight, float* y,
              double* sum, double* sum_squares) {
  const Index total = rows.frames * rows.positions, depth = in * taps.count;
  const std::vector<float> wt = transposed(weight, out, depth);
  const bool pointwise = is_pointwise(taps);
  std::vector<float> block(pointwise ? 0 : static_cast<std::size_t>(kBlockRows * depth));
  for (Index first = 0; first < total; first += kBlockRows) {
    const Index count = std::min(kBlockRows, total - first);
    const float* a = x + first * in;
    if (!pointwise) {
      gather(rows, taps, in, x, first, count, block.data());
      a = block.data();
    }
    float* dst = y + first * out;
    gemm(count, out, depth, a, depth, 1, wt.data(), out, dst, out, 0);
    if (sum == nullptr) continue;
    for_channels(out, [&](Index c, Index lanes) {
      Vec s = {}, q = {};
      for (Index r = 0; r < count; ++r) {
        const Vec v = get(dst + r * out + c, lanes);
        s += v;
        q += v * v;
      }
      for (Index l = 0; l < lanes; ++l) sum[c + l] += s[l], sum_squares[c + l] += q[l];
    });
  }
}

void convolve_backward(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight,
                       const float* dy, float* dx, float* dweight) {
  const Index total = rows.frames * rows.positions, depth = in * taps.count;
  const bool pointwise = is_pointwise(taps);
  std::vector<float> block(static_cast<std::size_t>(kBlockRows * depth));
  std::vector<float> dwt(static_cast<std::size_t>(depth * out));  // [depth, out]
  for (Index first = 0; first < total; first += kBlockRows) {
    const Index count = std::min(kBlockRows, total - first);
    const float* a = x + first * in;
    if (!pointwise) {
      gather(rows, taps, in, x, first, count, block.data());
      a = block.data();
    }
    const float* d = dy + first * out;
    gemm(depth, out, count, a, 1, depth, d, out, dwt.data(), out, 1);
    if (dx == nullptr) continue;
    if (pointwise) {
      gemm(count, depth, out, d, out, 1, weight, depth, dx + first * in, in, 1);
    } else {
      gemm(count, depth, out, d, out, 1, weight, depth, block.data(), depth, 0);
      scatter_add(rows, taps, in, block.data(), first, count, dx);
    }
  }
  for (Index o = 0; o < out; ++o)
    for (Index k = 0; k < depth; ++k) dweight[o * depth + k] += dwt[k * out + o];
}

void scale_shift_prelu(Index n, Index channels, const float* u, const float* scale, const float* shift,
                       const float* slope, const float* residual, float* y) {
  for_channels(channels, [&](Index c, Index lanes) {
    const Vec a = get(scale + c, lanes), b = get(shift + c, lanes), s = slope ? get(slope + c, lanes) : splat(1.0f);
    for (Index i = 0; i < n; ++i) {
      const Index at = i * channels + c;
      Vec v = get(u + at, lanes) * a + b;
      v = select(v > Vec{}, v, v * s);
      put(y + at, residual ? v + get(residual + at, lanes) : v, lanes);
    }
  });
}

void prelu_backward(Index n, Index channels, const float* u, const float* scale, const float* shift, const float* slope,
                    const float* dy, float* dpre, double* sum_dpre, double* sum_dpre_u, double* dslope) {
  constexpr Index kRows = 256;  // summed in float, then added to the double
  for_channels(channels, [&](Index c, Index lanes) {
    const Vec a = get(scale + c, lanes), b = get(shift + c, lanes), s = slope ? get(slope + c, lanes) : splat(1.0f);
    for (Index first = 0; first < n; first += kRows) {
      Vec sum = {}, sum_u = {}, sum_slope = {};
      for (Index i = first; i < std::min(n, first + kRows); ++i) {
        const Index at = i * channels + c;
        const Vec uv = get(u + at, lanes), d = get(dy + at, lanes), pre = uv * a + b;
        const VecInt positive = pre > Vec{};
        const Vec dp = select(positive, d, d * s);
        sum_slope += select(positive, Vec{}, d * pre);
        sum += dp;
        sum_u += dp * uv;
        put(dpre + at, dp, lanes);
      }
      for (Index l = 0; l < lanes; ++l) {
        sum_dpre[c + l] += sum[l];
        sum_dpre_u[c + l] += sum_u[l];
        if (slope) dslope[c + l] += sum_slope[l];
      }
    }
  });
}

void affine_combine(Index n, Index channels, float* d, const float* u, const float* a, const float* b,
                    const float* offset) {
  for_channels(channels, [&](Index c, Index lanes) {
    const Vec av = get(a + c, lanes), bv = get(b + c, lanes), ov = get(offset + c, lanes);
    for (Index i = 0; i < n; ++i) {
      float* at = d + i * channels + c;
      put(at, get(at, lanes) * av + get(u + i * channels + c, lanes) * bv + ov, lanes);
    }
  });
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
