// Products for Helium (Cortex-M55): eight columns of a row an instruction, four rows' sums scaled together.
//
// WeightOrder::kEights of the exporter: of four rows, eight columns of each in turn, zeros up to a whole eight. What is
// read behind x is multiplied by them. Rows are a multiple of 4.
#include <arm_mve.h>

#include "dsp/math.hpp"
#include "kernels/chip_kernels.hpp"
#include "kernels/helium.hpp"

namespace pellucid::chip {
namespace {

struct Scales {
  int32x4_t shift;  // to the left
  int32x4_t multiplier, negative;
};

PELLUCID_INLINE Scales scales_of(const nn::RowScale* scale) {
  static_assert(sizeof(nn::RowScale) == 6 && offsetof(nn::RowScale, negative) == 4, "offsets in bytes");
  const uint32x4_t at = {0, 6, 12, 18};
  return {vnegq_s32(vldrhq_gather_offset_s32(&scale->shift, at)),
          vshlq_n_s32(vldrhq_gather_offset_s32(&scale->multiplier, at), 3),
          vshlq_n_s32(vldrhq_gather_offset_s32(&scale->negative, at), 3)};
}

PELLUCID_INLINE int32x4_t sums_of(const int8_t* w, const int16_t* x, uint32_t turns, const int32_t* bias) {
  int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
  for (; turns > 0; --turns, w += 32, x += 8) {
    const int16x8_t v = vldrhq_s16(x);
    s0 = vmladavaq_s16(s0, vldrbq_s16(w), v);
    s1 = vmladavaq_s16(s1, vldrbq_s16(w + 8), v);
    s2 = vmladavaq_s16(s2, vldrbq_s16(w + 16), v);
    s3 = vmladavaq_s16(s3, vldrbq_s16(w + 24), v);
  }
  return int32x4_t{s0, s1, s2, s3};
}

/// scale_sum of integer_row.hpp: 2^14 v times 2^3 m, doubled and rounded to its upper half, is (v m + 2^13) >> 14; the
/// shift by 14 saturates where v is limited below.
PELLUCID_INLINE int32x4_t scaled(int32x4_t sums, const Scales& scales) {
  const int32x4_t v = vminq_s32(vshlq_s32(sums, scales.shift), vdupq_n_s32(131071));
  const int32x4_t m = vpselq_s32(scales.negative, scales.multiplier, vcmpltq_n_s32(v, 0));
  return vqrdmulhq_s32(vqshlq_n_s32(v, 14), m);
}

uint32_t turns_of(const nn::IntegerProduct& p) { return (p.columns + 7) / 8; }

template <int kResiduals>
void affine_with(const nn::IntegerAffine& a) {
  const nn::IntegerProduct& p = *a.product;
  const uint32_t turns = turns_of(p);
  const size_t out = p.rows;
  for (size_t o = 0; o < out; o += 4) {
    const Scales scales = scales_of(p.scale + o);
    const int8_t* w = p.weight + 8 * turns * o;
    const int16_t* x = a.x;
    const int16_t* residual = kResiduals > 0 ? a.residual + o : nullptr;
    const int16_t* residual2 = kResiduals > 1 ? a.residual2 + o : nullptr;
    int16_t* y = a.y + o;
    for (size_t r = 0; r < a.rows; ++r, x += a.x_stride, y += out) {
      int32x4_t value = scaled(sums_of(w, x, turns, p.bias + o), scales);
      if (kResiduals > 0) value = vaddq_s32(value, vldrhq_s32(residual + r * out));
      if (kResiduals > 1) value = vaddq_s32(value, vldrhq_s32(residual2 + r * out));
      vstrhq_s32(y, limited(value));
    }
  }
}

void affine(const nn::IntegerAffine& a) {
  if (a.residual == nullptr) return affine_with<0>(a);
  if (a.residual2 == nullptr) return affine_with<1>(a);
  affine_with<2>(a);
}

/// y[i step] of rows `row` … `row` + 3.
PELLUCID_INLINE void four_rows(const nn::IntegerProduct& p, size_t row, const int16_t* x, const int16_t* residual,
                               int16_t* y, uint32x4_t at) {
  const uint32_t turns = turns_of(p);
  int32x4_t value = scaled(sums_of(p.weight + 8 * turns * row, x, turns, p.bias + row), scales_of(p.scale + row));
  if (residual != nullptr) value = vaddq_s32(value, vldrhq_gather_shifted_offset_s32(residual, at));
  vstrhq_scatter_shifted_offset_s32(y, at, limited(value));
}

void mix(const nn::IntegerMix& m) {
  const size_t columns = m.product->columns, rows = m.product->rows, width = m.width;
  const uint32x4_t at = vmulq_n_u32((uint32x4_t{0, 1, 2, 3}), width);
  for (size_t c = 0; c < width; ++c) {
    for (size_t i = 0; i < columns; ++i) m.column[i] = m.x[i * width + c];
    for (size_t r = 0; r < rows; r += 4) {
      const size_t first = r * width + c;
      four_rows(*m.product, r, m.column, m.residual == nullptr ? nullptr : m.residual + first, m.y + first, at);
    }
  }
}

void mix_bands(const nn::IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t* column) {
  const uint32x4_t at = vmulq_n_u32((uint32x4_t{0, 1, 2, 3}), width);
  for (size_t d = 0; d < width; ++d) {
    for (size_t b = 0; b < bands; ++b) column[b] = z[b * width + d];
    for (size_t b = 0; b < bands; b += 4) four_rows(p, d * bands + b, column, nullptr, m + b * width + d, at);
  }
}

}  // namespace

nn::IntegerKernels chip_kernels() {
  nn::IntegerKernels kernels = nn::kScalarIntegerKernels;
  kernels.name = "helium";
  kernels.affine = affine;
  kernels.mix = mix;
  kernels.mix_bands = mix_bands;
  kernels.gru_gates = helium_gru_gates;
  kernels.compress = helium_compress;
  kernels.decompress = helium_decompress;
  kernels.transform.pass = helium_pass;
  return kernels;
}

}  // namespace pellucid::chip
