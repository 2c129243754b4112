// A power-of-two FFT in double precision for the measures.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace pellucid::metrics {

class Fft {
 public:
  /// `size` is a power of two.
  explicit Fft(std::size_t size);
  std::size_t size() const { return reversed_.size(); }
  void transform(std::span<std::complex<double>> data) const;

  /// Power spectra |X|^2 of two real frames at once, bins 0..size/2; frames shorter than size are zero-padded.
  void power(std::span<const double> a, std::span<const double> b, std::span<double> power_a,
             std::span<double> power_b) const;

 private:
  std::vector<std::size_t> reversed_;
  std::vector<std::complex<double>> twiddle_;
  mutable std::vector<std::complex<double>> work_;
};

}  // namespace pellucid::metrics
