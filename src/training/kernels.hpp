// The trainer's CPU kernels: one thread, float32, GCC/Clang vector extensions of sixteen lanes.
//
// A network of this size is bound by memory passes and call overhead, not by arithmetic, in a general framework; here
// every layer is one blocked product that stays in the first cache levels. `ops.hpp` wraps them for autograd and holds
// the plain LibTorch form of each, which the tests compare with and other devices use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pellucid::training::kernels {

using Index = std::ptrdiff_t;

/// C[m,n] = beta*C[m,n] + sum_k A[m*row_step + k*depth_step] * B[k*ldb + n]; beta is 0 or 1. `readable`: padded(n)
/// floats may be read from the start of every row of B; without it, they are copied first when n is no whole number of
/// vectors.
void gemm(Index m, Index n, Index k, const float* a, Index row_step, Index depth_step, const float* b, Index ldb,
          float* c, Index ldc, float beta, bool readable = false);

/// What factors of a product are: floats, or bfloat16 rounded from them (8 bits of precision, the range of a float;
/// Kalamkar et al. 2019). Sums are floats always. AVX512-BF16 multiplies twice as many of the latter.
enum class Precision { kFloat32, kBfloat16 };
/// Two bfloat16, the one of the lower index in the lower half.
using Pair = std::uint32_t;
/// The precision of a recipe's train.precision: bfloat16 only where this build multiplies pairs by an instruction;
/// otherwise they are slower than floats.
Precision precision_of(std::string_view name);
/// The same product of pairs along its depth: A[m*row_step + p*pair_step], B[p*ldb + n], both factors 2p and 2p + 1.
/// padded(n) pairs may be read from the start of every row of B.
void gemm(Index m, Index n, Index pairs, const Pair* a, Index row_step, Index pair_step, const Pair* b, Index ldb,
          float* c, Index ldc, float beta);

/// Where a convolution reads: rows are [frames][positions]; tap j of row (t, p) is row (t + frame_step[j], p +
/// position_step[j]), zero outside 0 <= p < positions and outside its own sequence of `sequence_frames` frames.
struct Taps {
  static constexpr int kMax = 16;
  int count = 1;
  int frame_step[kMax] = {0};
  int position_step[kMax] = {0};
};
struct Rows {
  Index frames = 0;           ///< sequences * sequence_frames
  Index sequence_frames = 0;  ///< frames of one sequence
  Index positions = 0;
};

/// y[row, out] = sum_{tap,in} x[tap row, in] * weight[out, tap, in]. Adds each channel's sum and sum of squares of y to
/// `sum` and `sum_squares` when they are given.
void convolve(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight, float* y,
              double* sum, double* sum_squares, Precision precision = Precision::kFloat32);

/// What follows a convolution's result u: pre = u * scale + shift, then PReLU. Per channel; without slope, no PReLU.
struct Activation {
  const float *scale = nullptr, *shift = nullptr, *slope = nullptr;
};
/// y = residual + prelu(pre) for [n, channels]; residual may be null.
void activate(Index n, Index channels, const float* u, const Activation& activation, const float* residual, float* y);
/// Sums per channel, added to: of dpre = dy * prelu'(pre), of dpre * u, and of the slope's gradient (which may be
/// null).
void activation_sums(Index n, Index channels, const float* u, const Activation& activation, const float* dy,
                     double* sum_dpre, double* sum_dpre_u, double* dslope);

/// The gradient of u is dpre * gain + u * slant + offset, per channel: what normalisation by the batch makes of dpre.
struct Upstream {
  const float *u = nullptr, *dy = nullptr;
  Activation activation;
  const float *gain = nullptr, *slant = nullptr, *offset = nullptr;
};
/// dx = (add ? dx : 0) + the transpose of convolve; dweight += its gradient. dx may be null.
void convolve_backward(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight,
                       const Upstream& upstream, float* dx, bool add, float* dweight,
                       Precision precision = Precision::kFloat32);

/// y[f, o, c] = sum_i weight[o, i] x[f, i, c].
void band_mix(Index frames, Index out, Index in, Index channels, const float* x, const float* weight, float* y);
void band_mix_backward(Index frames, Index out, Index in, Index channels, const float* x, const float* weight,
                       const float* dy, float* dx, float* dweight);

/// y[f, o, c] = sum_i weight[o, i, c] x[f, i, c]: a learned mixing of the bands, one matrix a channel.
void depthwise_mix(Index frames, Index out, Index in, Index channels, const float* x, const float* weight, float* y);
void depthwise_mix_backward(Index frames, Index out, Index in, Index channels, const float* x, const float* weight,
                            const float* dy, float* dx, float* dweight);

/// GRU over [sequences][steps][lanes] rows (lanes share weights and run side by side). `gates_in` = W_ih x + b_ih,
/// [rows, 3H]. Writes h [rows, H] and what the backward pass needs: `saved` [rows, 4H] = r, u, n, W_hn h + b_hn.
void gru(Index sequences, Index steps, Index lanes, Index hidden, const float* gates_in, const float* weight_hh,
         const float* bias_hh, float* h, float* saved, Precision precision = Precision::kFloat32);
/// Gradients: dgates_in [rows, 3H] (written), dweight_hh, dbias_hh (added to).
void gru_backward(Index sequences, Index steps, Index lanes, Index hidden, const float* weight_hh, const float* h,
                  const float* saved, const float* dh, float* dgates_in, float* dweight_hh, float* dbias_hh,
                  Precision precision = Precision::kFloat32);

/// Attention of rows [frames][bands] with `hidden` columns each of queries, keys and values, in `heads` heads: over the
/// last `entries` frames of the same band, zeros before the sequence's start, or over all bands of the same frame.
struct Attention {
  Index frames = 0;  ///< sequences * steps
  Index steps = 0;   ///< frames of a sequence
  Index bands = 0;
  Index hidden = 0, heads = 1;
  bool over_frames = false;
  Index entries = 0;  ///< over the bands: as many as they are
};
/// Floats of the weights that attend leaves for attend_backward.
Index attention_weights(const Attention& attention);
/// qkv [rows, 3*hidden] -> y [rows, hidden]. position: [heads, entries] over frames, by how long ago they were;
/// [heads, bands, bands] over bands.
void attend(const Attention& attention, const float* qkv, const float* position, float* y, float* weights);
/// dqkv is written, dposition added to.
void attend_backward(const Attention& attention, const float* qkv, const float* weights, const float* dy, float* dqkv,
                     float* dposition);

/// y[i] = x[i]^exponent for x > 0 (relative error < 3e-6), 0 for 0.
void power(Index n, const float* x, float exponent, float* y);

}  // namespace pellucid::training::kernels
