// Products for processors that make four rows at a time, sums and scales in registers: Cortex-M4, M7 and M33, whose
// SMLAD is two products and their sum, and RISC-V without vectors.
//
// Four rows are laid side by side in flash, so that one pointer reaches all of them. WeightOrder of the exporter:
// kPairs for Arm: for every four columns a word of each row, its bytes w0 w2 w1 w3, so that SXTB16 gives w0 and w1, and
// after a turn by 8 bits w2 and w3. kColumns for RISC-V: a column's four weights. Rows and columns are multiples of 4,
// x is aligned to 4.
#include "dsp/fixed.hpp"
#include "kernels/chip_kernels.hpp"
#include "nn/integer_row.hpp"
#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

namespace pellucid::chip {
namespace {

using nn::IntegerProduct;

struct Sums {
  int32_t s0, s1, s2, s3;
};

#if defined(__ARM_FEATURE_DSP)

PELLUCID_INLINE int32_t add_four(uint32_t w, int16x2_t low, int16x2_t high, int32_t sum) {
  sum = __smlad(__sxtb16(w), low, sum);
  return __smlad(__sxtb16(w >> 8 | w << 24), high, sum);
}

PELLUCID_INLINE Sums add_products(const int8_t* w, const int16_t* x, uint32_t columns, Sums s) {
  const auto* words = reinterpret_cast<const uint32_t*>(w);
  const auto* pair = reinterpret_cast<const int16x2_t*>(x);
  const auto* const end = reinterpret_cast<const int16x2_t*>(x + columns);
  do {
    const int16x2_t low = pair[0], high = pair[1];
    s.s0 = add_four(words[0], low, high, s.s0);
    s.s1 = add_four(words[1], low, high, s.s1);
    s.s2 = add_four(words[2], low, high, s.s2);
    s.s3 = add_four(words[3], low, high, s.s3);
    pair += 2;
    words += 4;
  } while (pair != end);
  return s;
}

/// Within ±32767.
PELLUCID_INLINE int32_t saturated(int32_t x) {
  x = __ssat(x, 16);
  return x == -32768 ? -32767 : x;
}

#else

PELLUCID_INLINE Sums add_products(const int8_t* w, const int16_t* x, uint32_t columns, Sums s) {
  const int16_t* const end = x + columns;
  do {
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t v = x[i];
      s.s0 += w[4 * i] * v;
      s.s1 += w[4 * i + 1] * v;
      s.s2 += w[4 * i + 2] * v;
      s.s3 += w[4 * i + 3] * v;
    }
    w += 16;
    x += 4;
  } while (x != end);
  return s;
}

PELLUCID_INLINE int32_t saturated(int32_t x) { return dsp::saturate16(x); }

#endif

/// y[i step] = row `row + i` of the product of x, plus its residuals, for i below 4.
template <int kResiduals>
PELLUCID_INLINE void four_rows(const IntegerProduct& p, size_t row, const int16_t* x, const int16_t* residual,
                               const int16_t* residual2, int16_t* y, size_t step) {
  const int32_t* bias = p.bias + row;
  const Sums s = add_products(p.weight + row * p.columns, x, p.columns, {bias[0], bias[1], bias[2], bias[3]});
  const int32_t sums[4] = {s.s0, s.s1, s.s2, s.s3};
  const nn::RowScale* scale = p.scale + row;
  for (size_t i = 0; i < 4; ++i) {
    int32_t value = nn::scale_sum(sums[i], scale[i]);
    if (kResiduals > 0) value += residual[i * step];
    if (kResiduals > 1) value += residual2[i * step];
    y[i * step] = static_cast<int16_t>(saturated(value));
  }
}

template <int kResiduals>
void affine_with(const nn::IntegerAffine& a) {
  const size_t out = a.product->rows;
  const int16_t *x = a.x, *residual = a.residual, *residual2 = a.residual2;
  int16_t* y = a.y;
  for (size_t r = 0; r < a.rows; ++r, x += a.x_stride, y += out) {
    for (size_t o = 0; o < out; o += 4) four_rows<kResiduals>(*a.product, o, x, residual + o, residual2 + o, y + o, 1);
    if (kResiduals > 0) residual += out;
    if (kResiduals > 1) residual2 += out;
  }
}

void affine(const nn::IntegerAffine& a) {
  if (a.residual == nullptr) return affine_with<0>(a);
  if (a.residual2 == nullptr) return affine_with<1>(a);
  affine_with<2>(a);
}

void mix(const nn::IntegerMix& m) {
  const size_t columns = m.product->columns, rows = m.product->rows, width = m.width;
  for (size_t c = 0; c < width; ++c) {
    for (size_t i = 0; i < columns; ++i) m.column[i] = m.x[i * width + c];
    for (size_t r = 0; r < rows; r += 4) {
      const size_t at = r * width + c;
      if (m.residual == nullptr) {
        four_rows<0>(*m.product, r, m.column, nullptr, nullptr, m.y + at, width);
      } else {
        four_rows<1>(*m.product, r, m.column, m.residual + at, nullptr, m.y + at, width);
      }
    }
  }
}

void mix_bands(const IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t* column) {
  for (size_t d = 0; d < width; ++d) {
    for (size_t b = 0; b < bands; ++b) column[b] = z[b * width + d];
    for (size_t b = 0; b < bands; b += 4) {
      four_rows<0>(p, d * bands + b, column, nullptr, nullptr, m + b * width + d, width);
    }
  }
}

}  // namespace

nn::IntegerKernels chip_kernels() {
  nn::IntegerKernels kernels = nn::kScalarIntegerKernels;
  kernels.name = "by four";
  kernels.affine = affine;
  kernels.mix = mix;
  kernels.mix_bands = mix_bands;
  return kernels;
}

}  // namespace pellucid::chip
