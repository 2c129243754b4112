#include "metrics/fft.hpp"

#include <numbers>

namespace pellucid::metrics {

Fft::Fft(std::size_t size) : reversed_(size), twiddle_(size / 2), work_(size) {
  for (std::size_t i = 1, j = 0; i < size; ++i) {
    std::size_t bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    reversed_[i] = j;
  }
  for (std::size_t i = 0; i < size / 2; ++i) {
    twiddle_[i] = std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
  }
}

void Fft::transform(std::span<std::complex<double>> data) const {
  const std::size_t n = size();
  for (std::size_t i = 0; i < n; ++i) {
    if (i < reversed_[i]) std::swap(data[i], data[reversed_[i]]);
  }
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t step = n / (2 * half);
    for (std::size_t base = 0; base < n; base += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const std::complex<double> w = twiddle_[k * step], u = data[base + k], v = data[base + half + k];
        // Written out: operator* of std::complex checks for NaN and is a call.
        const std::complex<double> t(v.real() * w.real() - v.imag() * w.imag(),
                                     v.real() * w.imag() + v.imag() * w.real());
        data[base + k] = u + t;
        data[base + half + k] = u - t;
      }
    }
  }
}

void Fft::power(std::span<const double> a, std::span<const double> b, std::span<double> power_a,
                std::span<double> power_b) const {
  const std::size_t n = size();
  for (std::size_t i = 0; i < n; ++i) work_[i] = {i < a.size() ? a[i] : 0.0, i < b.size() ? b[i] : 0.0};
  transform(work_);
  for (std::size_t k = 0; k <= n / 2; ++k) {
    const std::complex<double> p = work_[k], q = std::conj(work_[(n - k) % n]);
    power_a[k] = 0.25 * std::norm(p + q);
    power_b[k] = 0.25 * std::norm(p - q);
  }
}

}  // namespace pellucid::metrics
