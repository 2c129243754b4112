#include "dsp/fft.hpp"

#include "dsp/math.hpp"

namespace pellucid::dsp {
namespace {

constexpr uint32_t kRadices[] = {4, 2, 3, 5, 7, 11, 13};

/// What is left of n without the radices above; 1 when they make it up.
uint32_t without_radices(uint32_t n) {
  for (const uint32_t radix : kRadices) {
    while (n % radix == 0) n /= radix;
  }
  return n;
}

/// Four numbers that are worked on together: GCC does not vectorise the loops below by itself.
typedef float Four __attribute__((vector_size(16)));

template <typename T>
PELLUCID_INLINE T load(const float* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}
template <typename T>
PELLUCID_INLINE void store(float* p, T value) {
  __builtin_memcpy(p, &value, sizeof value);
}

/// The transform of kRadix numbers (or of fours of them), in place.
template <uint32_t kRadix, typename T>
PELLUCID_INLINE void butterfly(T* re, T* im, const float* roots) {
  if constexpr (kRadix == 2) {
    const T r = re[0] - re[1], i = im[0] - im[1];
    re[0] += re[1], im[0] += im[1];
    re[1] = r, im[1] = i;
  } else if constexpr (kRadix == 3) {
    constexpr float kSin = 0.866025404f;  // sin(2 pi / 3)
    const T sum_r = re[1] + re[2], sum_i = im[1] + im[2];
    const T dif_r = (re[1] - re[2]) * kSin, dif_i = (im[1] - im[2]) * kSin;
    const T mid_r = re[0] - 0.5f * sum_r, mid_i = im[0] - 0.5f * sum_i;
    re[0] += sum_r, im[0] += sum_i;
    re[1] = mid_r + dif_i, im[1] = mid_i - dif_r;
    re[2] = mid_r - dif_i, im[2] = mid_i + dif_r;
  } else if constexpr (kRadix == 4) {
    const T ar = re[0] + re[2], ai = im[0] + im[2], br = re[0] - re[2], bi = im[0] - im[2];
    const T cr = re[1] + re[3], ci = im[1] + im[3], dr = re[1] - re[3], di = im[1] - im[3];
    re[0] = ar + cr, im[0] = ai + ci;
    re[1] = br + di, im[1] = bi - dr;
    re[2] = ar - cr, im[2] = ai - ci;
    re[3] = br - di, im[3] = bi + dr;
  } else {
    // Pairs k and kRadix-k: the cosine parts add, the sine parts subtract.
    constexpr uint32_t kHalf = (kRadix - 1) / 2;
    T sum_r[kHalf], sum_i[kHalf], dif_r[kHalf], dif_i[kHalf];
    const T zero_r = re[0], zero_i = im[0];
    for (uint32_t k = 0; k < kHalf; ++k) {
      sum_r[k] = re[k + 1] + re[kRadix - 1 - k], sum_i[k] = im[k + 1] + im[kRadix - 1 - k];
      dif_r[k] = re[k + 1] - re[kRadix - 1 - k], dif_i[k] = im[k + 1] - im[kRadix - 1 - k];
      re[0] += sum_r[k], im[0] += sum_i[k];
    }
    for (uint32_t j = 1; j <= kHalf; ++j) {
      T cr = zero_r, ci = zero_i, sr = {}, si = {};
      for (uint32_t k = 0; k < kHalf; ++k) {
        const uint32_t turn = j * (k + 1) % kRadix;
        cr += roots[turn] * sum_r[k], ci += roots[turn] * sum_i[k];
        sr += roots[kRadix + turn] * dif_i[k], si += roots[kRadix + turn] * dif_r[k];
      }
      re[j] = cr - sr, im[j] = ci + si;
      re[kRadix - j] = cr + sr, im[kRadix - j] = ci - si;
    }
  }
}

/// A butterfly from x, `step` apart, times its twiddle factors (`groups` apart), to y, `stride` apart. W is T, or float
/// where all numbers of T have the same factors.
template <uint32_t kRadix, typename T, typename W>
PELLUCID_INLINE void turn(const float* xr, const float* xi, size_t step, const float* twiddle, size_t groups,
                          const float* roots, float* yr, float* yi, size_t stride) {
  T re[kRadix], im[kRadix];
#pragma GCC unroll 16
  for (uint32_t k = 0; k < kRadix; ++k) {
    re[k] = load<T>(xr + step * k);
    im[k] = load<T>(xi + step * k);
  }
  butterfly<kRadix>(re, im, roots);
  store(yr, re[0]);
  store(yi, im[0]);
#pragma GCC unroll 16
  for (uint32_t j = 1; j < kRadix; ++j) {
    const W wr = load<W>(twiddle + 2 * (j - 1) * groups), wi = load<W>(twiddle + (2 * j - 1) * groups);
    store(yr + stride * j, re[j] * wr - im[j] * wi);
    store(yi + stride * j, re[j] * wi + im[j] * wr);
  }
}

}  // namespace

bool RealFft::supports(uint32_t size) {
  return size >= 4 && size <= kMaxSize && size % 2 == 0 && without_radices(size / 2) == 1;
}

uint32_t RealFft::nearest_size(double samples, uint32_t step) {
  if (!(samples >= 4.0) || samples > static_cast<double>(kMaxSize)) return 0;
  const uint32_t below = static_cast<uint32_t>(samples) / step * step;
  uint32_t low = below;
  while (low >= step && !supports(low)) low -= step;
  uint32_t high = static_cast<double>(below) < samples ? below + step : below;
  while (high <= kMaxSize && !supports(high)) high += step;
  if (high > kMaxSize) return low;
  if (low == 0) return high;
  return samples - static_cast<double>(low) <= static_cast<double>(high) - samples ? low : high;
}

bool RealFft::init(uint32_t size, Arena& arena) {
  if (!supports(size)) return false;
  half_ = size / 2;
  stage_count_ = 0;
  uint32_t rest = half_, stride = 1;
  for (const uint32_t radix : kRadices) {
    while (rest % radix == 0) {
      rest /= radix;
      Stage& stage = stages_[stage_count_++];
      stage = {radix, rest, stride, arena.take<float>(2 * size_t{rest} * (radix - 1)), arena.take<float>(2 * radix)};
      stride *= radix;
    }
  }
  unpack_ = arena.take<float>(half_ + 2);
  for (float*& work : work_) work = arena.take<float>(half_);
  if (arena.failed() || unpack_ == nullptr) return false;

  for (int i = 0; i < stage_count_; ++i) {
    const Stage& stage = stages_[i];
    const uint64_t n = uint64_t{stage.radix} * stage.groups;
    for (uint32_t j = 1; j < stage.radix; ++j) {
      float* re = stage.twiddle + size_t{2} * (j - 1) * stage.groups;
      for (uint32_t p = 0; p < stage.groups; ++p) {
        const Rotation w = rotation_of(uint64_t{j} * p, n);
        re[p] = static_cast<float>(w.cos);
        re[stage.groups + p] = static_cast<float>(-w.sin);
      }
    }
    for (uint32_t j = 0; j < stage.radix; ++j) {
      const Rotation w = rotation_of(j, stage.radix);
      stage.roots[j] = static_cast<float>(w.cos);
      stage.roots[stage.radix + j] = static_cast<float>(-w.sin);
    }
  }
  for (uint32_t k = 0; k <= half_ / 2; ++k) {
    const Rotation w = rotation_of(k, size);
    unpack_[2 * k] = static_cast<float>(w.cos);
    unpack_[2 * k + 1] = static_cast<float>(-w.sin);
  }
  return true;
}

template <uint32_t kRadix>
void RealFft::pass(const Stage& stage, const float* __restrict xr, const float* __restrict xi, float* __restrict yr,
                   float* __restrict yi) {
  const size_t groups = stage.groups, stride = stage.stride, step = stride * groups;
  const float *twiddle = stage.twiddle, *roots = stage.roots;
  if (stride == 1) {
    size_t p = 0;
    for (; p + 4 <= groups; p += 4) {
      float re[4 * kRadix], im[4 * kRadix];  // four groups side by side, put in order afterwards
      turn<kRadix, Four, Four>(xr + p, xi + p, step, twiddle + p, groups, roots, re, im, 4);
      for (size_t i = 0; i < 4; ++i) {
        for (size_t j = 0; j < kRadix; ++j) {
          yr[kRadix * (p + i) + j] = re[4 * j + i];
          yi[kRadix * (p + i) + j] = im[4 * j + i];
        }
      }
    }
    for (; p < groups; ++p) {
      turn<kRadix, float, float>(xr + p, xi + p, step, twiddle + p, groups, roots, yr + kRadix * p, yi + kRadix * p, 1);
    }
    return;
  }
  for (size_t p = 0; p < groups; ++p) {
    const size_t in = stride * p, out = kRadix * in;
    size_t q = 0;
    for (; q + 4 <= stride; q += 4) {
      turn<kRadix, Four, float>(xr + in + q, xi + in + q, step, twiddle + p, groups, roots, yr + out + q, yi + out + q,
                                stride);
    }
    for (; q < stride; ++q) {
      turn<kRadix, float, float>(xr + in + q, xi + in + q, step, twiddle + p, groups, roots, yr + out + q, yi + out + q,
                                 stride);
    }
  }
}

void RealFft::transform(float** re, float** im) {
  float *xr = *re, *xi = *im;
  float *yr = work_[2], *yi = work_[3];
  for (int i = 0; i < stage_count_; ++i) {
    const Stage& stage = stages_[i];
    switch (stage.radix) {
      case 2:
        pass<2>(stage, xr, xi, yr, yi);
        break;
      case 3:
        pass<3>(stage, xr, xi, yr, yi);
        break;
      case 4:
        pass<4>(stage, xr, xi, yr, yi);
        break;
      case 5:
        pass<5>(stage, xr, xi, yr, yi);
        break;
      case 7:
        pass<7>(stage, xr, xi, yr, yi);
        break;
      case 11:
        pass<11>(stage, xr, xi, yr, yi);
        break;
      default:
        pass<13>(stage, xr, xi, yr, yi);
        break;
    }
    float *swap_r = xr, *swap_i = xi;
    xr = yr, xi = yi;
    yr = swap_r, yi = swap_i;
  }
  *re = xr;
  *im = xi;
}

void RealFft::forward(const float* x, float* spectrum) {
  float *re = work_[0], *im = work_[1];
  for (uint32_t j = 0; j < half_; ++j) {
    re[j] = x[2 * j];
    im[j] = x[2 * j + 1];
  }
  transform(&re, &im);
  spectrum[0] = re[0] + im[0];
  spectrum[1] = 0.0f;
  spectrum[2 * half_] = re[0] - im[0];
  spectrum[2 * half_ + 1] = 0.0f;
  // X[k] = E[k] + w^k O[k], X[h-k] = conj(E[k] - w^k O[k]); E and O are the transforms of even and odd samples.
  for (uint32_t k = 1; k <= half_ / 2; ++k) {
    const uint32_t m = half_ - k;
    const float er = 0.5f * (re[k] + re[m]), ei = 0.5f * (im[k] - im[m]);
    const float odd_r = 0.5f * (im[k] + im[m]), odd_i = 0.5f * (re[m] - re[k]);
    const float wr = unpack_[2 * k], wi = unpack_[2 * k + 1];
    const float tr = odd_r * wr - odd_i * wi, ti = odd_r * wi + odd_i * wr;
    spectrum[2 * m] = er - tr;
    spectrum[2 * m + 1] = ti - ei;
    spectrum[2 * k] = er + tr;
    spectrum[2 * k + 1] = ei + ti;
  }
}

void RealFft::inverse(const float* spectrum, float* x) {
  // The steps of forward in reverse. Re and im are exchanged going in and coming out, which turns the forward transform
  // into the inverse one.
  float *re = work_[0], *im = work_[1];
  const float scale = 1.0f / static_cast<float>(2 * half_);
  re[0] = (spectrum[0] + spectrum[2 * half_]) * scale;
  im[0] = (spectrum[0] - spectrum[2 * half_]) * scale;
  for (uint32_t k = 1; k <= half_ / 2; ++k) {
    const uint32_t m = half_ - k;
    const float ar = spectrum[2 * k], ai = spectrum[2 * k + 1], br = spectrum[2 * m], bi = -spectrum[2 * m + 1];
    const float er = (ar + br) * scale, ei = (ai + bi) * scale;
    const float tr = (ar - br) * scale, ti = (ai - bi) * scale;
    const float wr = unpack_[2 * k], wi = -unpack_[2 * k + 1];
    const float odd_r = tr * wr - ti * wi, odd_i = tr * wi + ti * wr;
    re[m] = er + odd_i;
    im[m] = odd_r - ei;
    re[k] = er - odd_i;
    im[k] = ei + odd_r;
  }
  float *out_r = im, *out_i = re;
  transform(&out_r, &out_i);
  for (uint32_t j = 0; j < half_; ++j) {
    x[2 * j] = out_i[j];
    x[2 * j + 1] = out_r[j];
  }
}

}  // namespace pellucid::dsp
