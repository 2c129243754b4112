// Overlap-add convolution by a radix-4 Stockham transform (self-sorting, no bit reversal) on split real and imaginary
// arrays, so that the compiler turns the inner loops into vectors.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>

#include "corpus/room.hpp"

namespace pellucid::corpus {
namespace {

struct Split {
  std::vector<float> re, im;
  void resize(std::size_t n) {
    re.resize(n);
    im.resize(n);
  }
};

struct Twiddles {
  std::vector<float> re, im;    // w^k
  std::vector<float> re2, im2;  // w^2k and …
  std::vector<float> re3, im3;  // … w^3k of the first quarter, which the first stage takes one after the other
};

const Twiddles& twiddles(std::size_t n) {
  static std::mutex mutex;
  static std::map<std::size_t, std::unique_ptr<Twiddles>> tables;
  const std::lock_guard lock(mutex);
  auto& table = tables[n];
  if (!table) {
    table = std::make_unique<Twiddles>();
    for (std::size_t k = 0; k < n; ++k) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
      table->re.push_back(static_cast<float>(std::cos(angle)));
      table->im.push_back(static_cast<float>(std::sin(angle)));
    }
    for (std::size_t k = 0; k < n / 4; ++k) {
      table->re2.push_back(table->re[2 * k]);
      table->im2.push_back(table->im[2 * k]);
      table->re3.push_back(table->re[3 * k]);
      table->im3.push_back(table->im[3 * k]);
    }
  }
  return *table;
}

// What the compiler is to build anew within each function that names an instruction set.
#define PELLUCID_INLINE [[gnu::always_inline]] inline

struct Complex {
  float re, im;
};

PELLUCID_INLINE Complex turned(float re, float im, Complex w) { return {re * w.re - im * w.im, re * w.im + im * w.re}; }

// Four points, and three of the results turned.
PELLUCID_INLINE void butterfly(Complex a, Complex b, Complex c, Complex d, Complex w1, Complex w2, Complex w3,
                               float* __restrict yr, float* __restrict yi, std::size_t s) {
  const float pr = a.re + c.re, pi = a.im + c.im, mr = a.re - c.re, mi = a.im - c.im;
  const float sr = b.re + d.re, si = b.im + d.im;
  const float jr = -(b.im - d.im), ji = b.re - d.re;
  const Complex y1 = turned(mr - jr, mi - ji, w1), y2 = turned(pr - sr, pi - si, w2), y3 = turned(mr + jr, mi + ji, w3);
  yr[0] = pr + sr;
  yi[0] = pi + si;
  yr[s] = y1.re;
  yi[s] = y1.im;
  yr[2 * s] = y2.re;
  yi[2 * s] = y2.im;
  yr[3 * s] = y3.re;
  yi[3 * s] = y3.im;
}

// The first stage has no two butterflies with the same factors: it goes through the factors side by side.
PELLUCID_INLINE void first_stage(const float* __restrict xr, const float* __restrict xi, float* __restrict yr,
                                 float* __restrict yi, std::size_t m, const Twiddles& w) {
  const float *w1r = w.re.data(), *w1i = w.im.data(), *w2r = w.re2.data(), *w2i = w.im2.data();
  const float *w3r = w.re3.data(), *w3i = w.im3.data();
  for (std::size_t p = 0; p < m; ++p) {
    butterfly({xr[p], xi[p]}, {xr[p + m], xi[p + m]}, {xr[p + 2 * m], xi[p + 2 * m]}, {xr[p + 3 * m], xi[p + 3 * m]},
              {w1r[p], w1i[p]}, {w2r[p], w2i[p]}, {w3r[p], w3i[p]}, yr + 4 * p, yi + 4 * p, 1);
  }
}

// kKnown: the stride, where the compiler shall know it.
template <std::size_t kKnown>
PELLUCID_INLINE void stage(const float* __restrict xr, const float* __restrict xi, float* __restrict yr,
                           float* __restrict yi, std::size_t stride, std::size_t m, const Twiddles& w) {
  const std::size_t s = kKnown > 0 ? kKnown : stride, far = s * m;
  for (std::size_t p = 0; p < m; ++p, xr += s, xi += s, yr += 4 * s, yi += 4 * s) {
    const std::size_t k = p * s;
    const Complex w1{w.re[k], w.im[k]}, w2{w.re[2 * k], w.im[2 * k]}, w3{w.re[3 * k], w.im[3 * k]};
    for (std::size_t q = 0; q < s; ++q) {
      butterfly({xr[q], xi[q]}, {xr[q + far], xi[q + far]}, {xr[q + 2 * far], xi[q + 2 * far]},
                {xr[q + 3 * far], xi[q + 3 * far]}, w1, w2, w3, yr + q, yi + q, s);
    }
  }
}

// All of the radix 4; where the result lies in `scratch`, the two are exchanged.
PELLUCID_INLINE void transform_by(std::vector<float>& re, std::vector<float>& im, Split& scratch, const Twiddles& w) {
  const std::size_t n = re.size();
  std::size_t left = n, s = 1;
  float *xr = re.data(), *xi = im.data(), *yr = scratch.re.data(), *yi = scratch.im.data();
  for (; left >= 4; left /= 4, s *= 4) {
    if (s == 1) {
      first_stage(xr, xi, yr, yi, left / 4, w);
    } else if (s == 4) {
      stage<4>(xr, xi, yr, yi, s, left / 4, w);
    } else {
      stage<0>(xr, xi, yr, yi, s, left / 4, w);
    }
    std::swap(xr, yr);
    std::swap(xi, yi);
  }
  if (left == 2) {
    for (std::size_t q = 0; q < s; ++q) {
      const float ar = xr[q], ai = xi[q], br = xr[q + s], bi = xi[q + s];
      yr[q] = ar + br;
      yi[q] = ai + bi;
      yr[q + s] = ar - br;
      yi[q + s] = ai - bi;
    }
    std::swap(xr, yr);
    std::swap(xi, yi);
  }
  if (xr != re.data()) {
    re.swap(scratch.re);
    im.swap(scratch.im);
  }
}

// Without fused multiply-adds, so that every processor gives the same pairs.
#ifdef __x86_64__
[[gnu::target("avx2")]] void transform_avx2(std::vector<float>& re, std::vector<float>& im, Split& scratch,
                                            const Twiddles& w) {
  transform_by(re, im, scratch, w);
}
#endif

// Forward transform of x in place; the inverse (times n) with re and im exchanged.
void transform(std::vector<float>& re, std::vector<float>& im, Split& scratch, const Twiddles& w) {
#ifdef __x86_64__
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) return transform_avx2(re, im, scratch, w);
#endif
  transform_by(re, im, scratch, w);
}

}  // namespace

void convolve_two(std::span<const float> x, std::span<const float> a, std::span<const float> b, std::span<float> y_a,
                  std::span<float> y_b) {
  const std::size_t taps = std::max({a.size(), b.size(), std::size_t{1}});
  const std::size_t whole = std::bit_ceil(x.size() + taps - 1);
  const std::size_t n = std::clamp(std::bit_ceil(2 * taps), std::size_t{256}, std::max(whole, std::size_t{256}));
  const std::size_t step = n - taps + 1;
  const Twiddles& w = twiddles(n);

  thread_local Split response, block, scratch;
  thread_local std::vector<float> input;
  input.assign(x.begin(), x.end());
  for (Split* s : {&response, &block, &scratch}) s->resize(n);
  std::fill(response.re.begin(), response.re.end(), 0.0f);
  std::fill(response.im.begin(), response.im.end(), 0.0f);
  const float norm = 1.0f / static_cast<float>(n);
  for (std::size_t i = 0; i < a.size(); ++i) response.re[i] = a[i] * norm;
  for (std::size_t i = 0; i < b.size(); ++i) response.im[i] = b[i] * norm;
  transform(response.re, response.im, scratch, w);

  std::fill(y_a.begin(), y_a.end(), 0.0f);
  std::fill(y_b.begin(), y_b.end(), 0.0f);
  for (std::size_t start = 0; start < input.size(); start += step) {
    const std::size_t count = std::min(step, input.size() - start);
    std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(start), count, block.re.begin());
    std::fill(block.re.begin() + static_cast<std::ptrdiff_t>(count), block.re.end(), 0.0f);
    std::fill(block.im.begin(), block.im.end(), 0.0f);
    transform(block.re, block.im, scratch, w);
    for (std::size_t k = 0; k < n; ++k) {
      const float re = block.re[k] * response.re[k] - block.im[k] * response.im[k];
      block.im[k] = block.re[k] * response.im[k] + block.im[k] * response.re[k];
      block.re[k] = re;
    }
    transform(block.im, block.re, scratch, w);
    const std::size_t out = std::min(n, input.size() - start);
    for (std::size_t i = 0; i < out; ++i) y_a[start + i] += block.re[i];
    for (std::size_t i = 0; i < out && !y_b.empty(); ++i) y_b[start + i] += block.im[i];
  }
}

}  // namespace pellucid::corpus
