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
  std::vector<float> re, im;
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
  }
  return *table;
}

void butterfly(const float* __restrict xr, const float* __restrict xi, float* __restrict yr, float* __restrict yi,
               std::size_t s, std::size_t m, std::size_t p, const Twiddles& w) {
  const float w1r = w.re[p * s], w1i = w.im[p * s];
  const float w2r = w.re[2 * p * s], w2i = w.im[2 * p * s];
  const float w3r = w.re[3 * p * s], w3i = w.im[3 * p * s];
  const float *ar = xr + s * p, *ai = xi + s * p;
  const float *br = ar + s * m, *bi = ai + s * m;
  const float *cr = br + s * m, *ci = bi + s * m;
  const float *dr = cr + s * m, *di = ci + s * m;
  float *y0r = yr + 4 * s * p, *y0i = yi + 4 * s * p;
  for (std::size_t q = 0; q < s; ++q) {
    const float pr = ar[q] + cr[q], pi = ai[q] + ci[q], mr = ar[q] - cr[q], mi = ai[q] - ci[q];
    const float sr = br[q] + dr[q], si = bi[q] + di[q];
    const float jr = -(bi[q] - di[q]), ji = br[q] - dr[q];
    y0r[q] = pr + sr;
    y0i[q] = pi + si;
    const float ur = mr - jr, ui = mi - ji, vr = pr - sr, vi = pi - si, tr = mr + jr, ti = mi + ji;
    y0r[q + s] = ur * w1r - ui * w1i;
    y0i[q + s] = ur * w1i + ui * w1r;
    y0r[q + 2 * s] = vr * w2r - vi * w2i;
    y0i[q + 2 * s] = vr * w2i + vi * w2r;
    y0r[q + 3 * s] = tr * w3r - ti * w3i;
    y0i[q + 3 * s] = tr * w3i + ti * w3r;
  }
}

// Forward transform of x in place; the inverse (times n) with re and im exchanged.
void transform(std::vector<float>& re, std::vector<float>& im, Split& scratch, const Twiddles& w) {
  const std::size_t n = re.size();
  std::size_t left = n, s = 1;
  float *xr = re.data(), *xi = im.data(), *yr = scratch.re.data(), *yi = scratch.im.data();
  for (; left >= 4; left /= 4, s *= 4) {
    for (std::size_t p = 0; p < left / 4; ++p) butterfly(xr, xi, yr, yi, s, left / 4, p, w);
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
