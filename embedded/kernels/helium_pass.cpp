// A pass of the fixed-point transform, four butterflies of radix 4 at a time: neighbours within a group where there are
// four of them, else (the first pass) the same place of four groups.
#include "dsp/fixed_tables.hpp"
#include "kernels/helium.hpp"

namespace pellucid::chip {
namespace {

struct Complex {
  int32x4_t re, im;
};

/// Factors as Q30: a factor of 1 fits, and twice a number times it, doubled, has the product's Q15 as its upper half.
template <typename Factor>
PELLUCID_INLINE Complex turned(Complex x, Factor cos, Factor sin) {
  const int32x4_t re = vaddq_s32(x.re, x.re), im = vaddq_s32(x.im, x.im);
  return {vaddq_s32(vqdmulhq(re, cos), vqdmulhq(im, sin)), vsubq_s32(vqdmulhq(im, cos), vqdmulhq(re, sin))};
}

struct Butterfly {
  Complex y0, y1, y2, y3;
};

PELLUCID_INLINE Complex loaded(const dsp::FixedPass& pass, uint32_t at, int32x4_t down) {
  return {vrshlq_s32(vldrwq_s32(pass.x_re + at), down), vrshlq_s32(vldrwq_s32(pass.x_im + at), down)};
}

/// Without the factors.
PELLUCID_INLINE Butterfly butterfly(const dsp::FixedPass& pass, uint32_t at, uint32_t step, int32x4_t down) {
  const Complex a = loaded(pass, at, down), b = loaded(pass, at + step, down);
  const Complex c = loaded(pass, at + 2 * step, down), d = loaded(pass, at + 3 * step, down);
  const Complex sum = {vaddq_s32(a.re, c.re), vaddq_s32(a.im, c.im)};
  const Complex dif = {vsubq_s32(a.re, c.re), vsubq_s32(a.im, c.im)};
  const Complex odd = {vaddq_s32(b.re, d.re), vaddq_s32(b.im, d.im)};
  const Complex odd_dif = {vsubq_s32(b.re, d.re), vsubq_s32(b.im, d.im)};
  return {{vaddq_s32(sum.re, odd.re), vaddq_s32(sum.im, odd.im)},
          {vaddq_s32(dif.re, odd_dif.im), vsubq_s32(dif.im, odd_dif.re)},
          {vsubq_s32(sum.re, odd.re), vsubq_s32(sum.im, odd.im)},
          {vsubq_s32(dif.re, odd_dif.im), vaddq_s32(dif.im, odd_dif.re)}};
}

PELLUCID_INLINE void store(const dsp::FixedPass& pass, uint32_t at, Complex y) {
  vstrwq_s32(pass.y_re + at, y.re);
  vstrwq_s32(pass.y_im + at, y.im);
}

struct Factor {
  int32_t cos, sin;  // Q30
};

/// e^(i angle), of steps of the table, below a whole turn.
PELLUCID_INLINE Factor factor_of(uint32_t angle) {
  constexpr uint32_t kQuarter = dsp::kMaxFixedWindow / 2;
  const uint32_t rest = angle & (kQuarter - 1), quarter = angle / kQuarter;
  const int32_t c = dsp::kSine.value[kQuarter - rest] * 32768, s = dsp::kSine.value[rest] * 32768;
  const int32_t cos = (quarter & 1) != 0 ? s : c, sin = (quarter & 1) != 0 ? c : s;
  return {quarter == 1 || quarter == 2 ? -cos : cos, quarter >= 2 ? -sin : sin};
}

void neighbours(const dsp::FixedPass& pass, int32x4_t down) {
  const uint32_t stride = pass.stride, step = stride * pass.groups;
  const uint32_t unit = 2 * dsp::kMaxFixedWindow / (4 * pass.groups);
  for (uint32_t p = 0; p < pass.groups; ++p) {
    const Factor w1 = factor_of(unit * p), w2 = factor_of(2 * unit * p), w3 = factor_of(3 * unit * p);
    const uint32_t from = stride * p, to = 4 * stride * p;
    for (uint32_t q = 0; q < stride; q += 4) {
      Butterfly b = butterfly(pass, from + q, step, down);
      if (p != 0) {
        b.y1 = turned(b.y1, w1.cos, w1.sin);
        b.y2 = turned(b.y2, w2.cos, w2.sin);
        b.y3 = turned(b.y3, w3.cos, w3.sin);
      }
      store(pass, to + q, b.y0);
      store(pass, to + q + stride, b.y1);
      store(pass, to + q + 2 * stride, b.y2);
      store(pass, to + q + 3 * stride, b.y3);
    }
  }
}

/// stride is 1: p, p + 1 … in the lanes, whose results are interleaved.
void groups(const dsp::FixedPass& pass, int32x4_t down) {
  const uint32_t unit = 2 * dsp::kMaxFixedWindow / (4 * pass.groups);
  for (uint32_t p = 0; p < pass.groups; p += 4) {
    alignas(16) int32_t cos[3][4], sin[3][4];
    for (uint32_t lane = 0; lane < 4; ++lane) {
      for (uint32_t j = 0; j < 3; ++j) {
        const Factor w = factor_of((j + 1) * unit * (p + lane));
        cos[j][lane] = w.cos;
        sin[j][lane] = w.sin;
      }
    }
    const Butterfly b = butterfly(pass, p, pass.groups, down);
    const Complex y1 = turned(b.y1, vldrwq_s32(cos[0]), vldrwq_s32(sin[0]));
    const Complex y2 = turned(b.y2, vldrwq_s32(cos[1]), vldrwq_s32(sin[1]));
    const Complex y3 = turned(b.y3, vldrwq_s32(cos[2]), vldrwq_s32(sin[2]));
    vst4q_s32(pass.y_re + 4 * p, (int32x4x4_t{{b.y0.re, y1.re, y2.re, y3.re}}));
    vst4q_s32(pass.y_im + 4 * p, (int32x4x4_t{{b.y0.im, y1.im, y2.im, y3.im}}));
  }
}

}  // namespace

void helium_pass(const dsp::FixedPass& pass) {
  const int32x4_t down = vdupq_n_s32(-pass.down);
  if (pass.radix == 4 && pass.stride % 4 == 0) return neighbours(pass, down);
  if (pass.radix == 4 && pass.stride == 1 && pass.groups % 4 == 0) return groups(pass, down);
  dsp::fixed_pass(pass);
}

}  // namespace pellucid::chip
