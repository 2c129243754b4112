// The inner loops of the network, once for every instruction set they are compiled for.
//
//   const Kernels& kernels = best_kernels();              // or *kernels_named("portable")
//   kernels.affine({.rows = 64, .in = 48, .out = 16, …});
//
// Every matrix is rows of floats, channels contiguous. Weights are packed into panels of `Kernels::panel` outputs, so
// that the outputs of one input lie side by side: w[panel][input][output of the panel], zero beyond the last output.
// Kernels may read, never write, up to kSlack floats past the end of a row; memory that they read from has kSlack
// floats behind it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/math.hpp"

namespace pellucid::nn {

inline constexpr size_t kSlack = 16;

/// n up to a whole number of panels.
[[gnu::always_inline]] static constexpr inline size_t padded(size_t n, size_t panel) {
  return (n + panel - 1) / panel * panel;
}

/// y[r][o] = act(bias[o] + sum_i x[r][i] w[i][o]) + residual[r][o] + residual2[r][o].
///
/// A convolution is this with rows that overlap: x_stride = channels, in = taps * channels. A mixing of rows (bands) is
/// this with the mixing matrix as x and the rows as w (w_panel = panel, w_row = their stride).
///
/// With `block_end` w is sparse: of each panel only some blocks of 4 inputs are there, all panels' blocks one behind
/// another, w[block][input of the 4][output of the panel]. What is left out counts as zero.
struct Affine {
  size_t rows, in, out;
  const float* x;
  size_t x_stride;
  const float* w;
  size_t w_panel, w_row;   ///< floats from panel to panel, from input to input
  const float* bias;       ///< [out], null for none
  const float* slope;      ///< PReLU, [out], null for none
  const float* residual;   ///< added after the activation; null for none
  const float* residual2;  ///< the same
  size_t residual_stride;
  float* y;  ///< may be residual or residual2, not x or w
  size_t y_stride;
  const uint32_t* block_end;   ///< [panels], the number of blocks of this panel and those before; null: w is dense
  const uint32_t* block_step;  ///< [blocks], inputs from the panel's block before (from 0 for its first) to this
};

/// Exponents of the compression; see docs/network.md steps 1, 2 and 9.
struct Compression {
  dsp::Power to_spectrum;   ///< (c-1)/2, of |X|²
  dsp::Power to_magnitude;  ///< c/2, of |X|²
  dsp::Power from_mask;     ///< (1/c-1)/2, of |Yc|²
};

/// Attention of every row's query to `entries` keys, head by head:
///   s[j] = scale * sum_a q[r][h, a] k(j, r)[h, a] + position[h * position_head + r * position_row + j]
///   y[r][h, a] = sum_j softmax(s)[j] v(j, r)[h, a]
/// where head h has columns h * head_width … of a row, and k(j, r) is entry[j] + r * entry_stride.
struct Attention {
  size_t rows, entries, heads, head_width;
  const float* q;
  size_t q_stride;
  const float* const* entry;  ///< [entries]
  size_t entry_stride;
  size_t value_offset;  ///< floats from a key to its value
  const float* position;
  size_t position_head, position_row;
  float scale;
  float* scores;  ///< scratch, [entries]
  float* y;
  size_t y_stride;
};

/// Errors of the functions inside: sigmoid 2e-7 and tanh 3e-7 absolute, powers 3e-7 relative.
struct Kernels {
  const char* name;
  size_t panel;             ///< outputs in a panel of packed weights
  uint32_t sparse_percent;  ///< a weight with more of its panels' blocks is faster dense; 0: no sparse kernels
  void (*affine)(const Affine&);
  /// m[b][d] = sum_b' w[b][b'][d] z[b'][d]; all rows of `width` floats.
  void (*mix_bands)(const float* w, const float* z, float* m, size_t bands, size_t width);
  /// GRU gates of PyTorch's order r, z, n: h' from the two products gi and gh, both [rows][3 * hidden].
  void (*gru_gates)(const float* gi, const float* gh, float* h, size_t rows, size_t hidden);
  void (*attend)(const Attention&);
  /// spectrum[bins][2] -> features[bins][3]; scratch[2 * bins + kSlack].
  void (*compress)(const Compression& c, const float* spectrum, float* features, float* scratch, size_t bins);
  /// mask[bins][2] and features -> spectrum[bins][2]; scratch as above.
  void (*decompress)(const Compression& c, const float* mask, const float* features, float* spectrum, float* scratch,
                     size_t bins);
  /// Multiply-adds in registers, as many as there can be: what measured speeds are compared with. Returns their number.
  size_t (*saturate)(size_t rounds);
};

/// The sets that this build has and this processor runs, the fastest last: "portable" (index 0, everywhere; the same
/// bits with every compiler and processor), "avx2" (with FMA) and "avx512" on x86-64, "neon" on AArch64, "simd128" in
/// WebAssembly. Null past the last. With PELLUCID_PORTABLE_ONLY there is only the first.
const Kernels* kernels_at(size_t index);

/// Null when there is no such set here.
const Kernels* kernels_named(const char* name);

/// The last of kernels_at.
const Kernels& best_kernels();

}  // namespace pellucid::nn
