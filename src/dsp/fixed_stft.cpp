#include "dsp/fixed_stft.hpp"

#include "dsp/fixed.hpp"

namespace pellucid::dsp {
namespace {

constexpr uint32_t kQuarter = kMaxFixedWindow / 2, kTurn = 4 * kQuarter;  // in steps of the table

struct Factor {
  int32_t cos, sin;
};

/// Of an angle below a whole turn.
PELLUCID_INLINE Factor factor_of(uint32_t angle) {
  const uint32_t rest = angle & (kQuarter - 1);
  const int32_t c = kSine.value[kQuarter - rest], s = kSine.value[rest];
  switch (angle / kQuarter) {
    case 0:
      return {c, s};
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    default:
      return {s, -c};
  }
}

/// The window, square root of Hann: sin(pi i / window).
PELLUCID_INLINE int32_t window_at(uint32_t i, uint32_t window) {
  const uint32_t j = i * (kMaxFixedWindow / window);
  return kSine.value[j <= kQuarter ? j : kMaxFixedWindow - j];
}

PELLUCID_INLINE int32_t lower(int32_t x, int32_t down) { return down == 0 ? x : round_shift(x, down); }

/// (re, im) times the conjugate of w.
PELLUCID_INLINE void turn(int32_t re, int32_t im, const Factor& w, int32_t* to_re, int32_t* to_im) {
  *to_re = mul_q15(re, w.cos) + mul_q15(im, w.sin);
  *to_im = mul_q15(im, w.cos) - mul_q15(re, w.sin);
}

PELLUCID_INLINE int16_t sample_of(int32_t x) {
  return static_cast<int16_t>(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
}

}  // namespace

void fixed_pass(const FixedPass& pass) {
  const uint32_t radix = pass.radix, groups = pass.groups, stride = pass.stride;
  const int32_t down = pass.down;
  const uint32_t step = stride * groups, unit = kTurn / (radix * groups);
  for (uint32_t p = 0; p < groups; ++p) {
    const int32_t *xr = pass.x_re + stride * p, *xi = pass.x_im + stride * p;
    int32_t *yr = pass.y_re + stride * radix * p, *yi = pass.y_im + stride * radix * p;
    const Factor w1 = factor_of(unit * p);
    if (radix == 2) {
      for (uint32_t q = 0; q < stride; ++q) {
        const int32_t ar = lower(xr[q], down), ai = lower(xi[q], down);
        const int32_t br = lower(xr[q + step], down), bi = lower(xi[q + step], down);
        yr[q] = ar + br;
        yi[q] = ai + bi;
        if (p == 0) {
          yr[q + stride] = ar - br;
          yi[q + stride] = ai - bi;
        } else {
          turn(ar - br, ai - bi, w1, &yr[q + stride], &yi[q + stride]);
        }
      }
      continue;
    }
    const Factor w2 = factor_of(2 * unit * p), w3 = factor_of(3 * unit * p);
    for (uint32_t q = 0; q < stride; ++q) {
      const int32_t ar = lower(xr[q], down), ai = lower(xi[q], down);
      const int32_t br = lower(xr[q + step], down), bi = lower(xi[q + step], down);
      const int32_t cr = lower(xr[q + 2 * step], down), ci = lower(xi[q + 2 * step], down);
      const int32_t dr = lower(xr[q + 3 * step], down), di = lower(xi[q + 3 * step], down);
      const int32_t sum_r = ar + cr, sum_i = ai + ci, dif_r = ar - cr, dif_i = ai - ci;
      const int32_t odd_r = br + dr, odd_i = bi + di, odd_dif_r = br - dr, odd_dif_i = bi - di;
      yr[q] = sum_r + odd_r;
      yi[q] = sum_i + odd_i;
      const int32_t r1 = dif_r + odd_dif_i, i1 = dif_i - odd_dif_r;
      const int32_t r2 = sum_r - odd_r, i2 = sum_i - odd_i;
      const int32_t r3 = dif_r - odd_dif_i, i3 = dif_i + odd_dif_r;
      if (p == 0) {
        yr[q + stride] = r1, yi[q + stride] = i1;
        yr[q + 2 * stride] = r2, yi[q + 2 * stride] = i2;
        yr[q + 3 * stride] = r3, yi[q + 3 * stride] = i3;
      } else {
        turn(r1, i1, w1, &yr[q + stride], &yi[q + stride]);
        turn(r2, i2, w2, &yr[q + 2 * stride], &yi[q + 2 * stride]);
        turn(r3, i3, w3, &yr[q + 3 * stride], &yi[q + 3 * stride]);
      }
    }
  }
}

void fixed_cut(const int16_t* last_hop, const int16_t* hop, uint32_t window, int32_t* z) {
  const uint32_t half = window / 2;
  const int32_t shift = 15 - fixed_fraction_bits(window);
  for (uint32_t i = 0; i < half; ++i) {
    const int16_t* from = 2 * i < half ? last_hop + 2 * i : hop + (2 * i - half);
    z[i] = round_shift(from[0] * window_at(2 * i, window), shift);
    z[half + i] = round_shift(from[1] * window_at(2 * i + 1, window), shift);
  }
}

void fixed_split(const int32_t* z, uint32_t window, int32_t* spectrum) {
  const uint32_t half = window / 2;
  const int32_t *re = z, *im = z + half;
  spectrum[0] = re[0] + im[0];
  spectrum[2 * half] = re[0] - im[0];
  spectrum[1] = spectrum[2 * half + 1] = 0;
  // Of the even samples E and of the odd ones O: X[k] = E + w^k O and X[half - k] = conj(E - w^k O).
  for (uint32_t k = 1; k <= half / 2; ++k) {
    const uint32_t m = half - k;
    const int32_t even_r = (re[k] + re[m]) >> 1, even_i = (im[k] - im[m]) >> 1;
    const int32_t odd_r = (im[k] + im[m]) >> 1, odd_i = (re[m] - re[k]) >> 1;
    int32_t r, i;
    turn(odd_r, odd_i, factor_of(kTurn / window * k), &r, &i);
    spectrum[2 * k] = even_r + r;
    spectrum[2 * k + 1] = even_i + i;
    spectrum[2 * m] = even_r - r;
    spectrum[2 * m + 1] = i - even_i;
  }
}

void fixed_join(const int32_t* spectrum, uint32_t window, int32_t* z) {
  const uint32_t half = window / 2;
  int32_t *re = z, *im = z + half;
  re[0] = (spectrum[0] + spectrum[2 * half]) >> 1;
  im[0] = (spectrum[0] - spectrum[2 * half]) >> 1;
  for (uint32_t k = 1; k <= half / 2; ++k) {
    const uint32_t m = half - k;
    const int32_t xr = spectrum[2 * k], xi = spectrum[2 * k + 1], yr = spectrum[2 * m], yi = spectrum[2 * m + 1];
    const int32_t even_r = (xr + yr) >> 1, even_i = (xi - yi) >> 1;
    const Factor w = factor_of(kTurn / window * k);
    int32_t odd_r, odd_i;
    turn((xr - yr) >> 1, (xi + yi) >> 1, {w.cos, -w.sin}, &odd_r, &odd_i);
    re[m] = even_r + odd_i;
    im[m] = odd_r - even_i;
    re[k] = even_r - odd_i;
    im[k] = even_i + odd_r;
  }
}

void fixed_overlap_add(const int32_t* z, uint32_t window, int32_t* overlap, int16_t* hop) {
  const uint32_t half = window / 2;
  const int32_t shift = fixed_fraction_bits(window);
  const auto at = [&](uint32_t i) {
    const int32_t value = z[i % 2 * half + i / 2];
    const int32_t limited = value > kLoudestFixed ? kLoudestFixed : value < -kLoudestFixed ? -kLoudestFixed : value;
    return mul_q15(limited, window_at(i, window));
  };
  for (uint32_t i = 0; i < half; ++i) {
    hop[i] = sample_of(round_shift(overlap[i] + at(i), shift));
    overlap[i] = at(half + i);
  }
}

int32_t* FixedStft::other(const int32_t* half, int32_t* work) const {
  return half == work ? work + work_values(window_) : work;
}

int32_t* FixedStft::transform(int32_t* from, int32_t* work, bool inverse) const {
  const uint32_t half = window_ / 2;
  // The inverse is the transform with the parts exchanged, before and after.
  const uint32_t re = inverse ? half : 0, im = inverse ? 0 : half;
  uint32_t stride = 1;
  for (uint32_t groups = half; groups > 1;) {
    int32_t* to = other(from, work);
    const uint32_t radix = groups % 4 == 0 ? 4 : 2;
    groups /= radix;
    steps_->pass(
        {radix, groups, stride, inverse ? static_cast<int32_t>(radix / 2) : 0, from + re, from + im, to + re, to + im});
    stride *= radix;
    from = to;
  }
  return from;
}

int32_t* FixedStft::analyse(const int16_t* last_hop, const int16_t* hop, int32_t* work) const {
  steps_->cut(last_hop, hop, window_, work);
  const int32_t* z = transform(work, work, false);
  int32_t* spectrum = other(z, work);
  steps_->split(z, window_, spectrum);
  return spectrum;
}

void FixedStft::synthesise(const int32_t* spectrum, int32_t* overlap, int32_t* work, int16_t* hop) const {
  int32_t* z = other(spectrum, work);
  steps_->join(spectrum, window_, z);
  steps_->overlap_add(transform(z, work, true), window_, overlap, hop);
}

}  // namespace pellucid::dsp
