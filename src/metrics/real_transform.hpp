// dsp::RealFft with memory of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "dsp/fft.hpp"

namespace pellucid::metrics {

/// One thread at a time; single precision. Cannot be copied or moved: the transform points into its memory.
class RealTransform {
 public:
  /// `size` is one that dsp::RealFft supports; powers of two from 4 to its largest are. Throws Error(kInternal)
  /// otherwise.
  explicit RealTransform(std::size_t size);
  RealTransform(const RealTransform&) = delete;
  RealTransform& operator=(const RealTransform&) = delete;

  std::size_t size() const { return fft_.size(); }
  std::size_t bins() const { return fft_.bins(); }
  /// size() samples to bins() pairs of re and im, and back; as dsp::RealFft.
  void forward(const float* x, float* spectrum) { fft_.forward(x, spectrum); }
  void inverse(const float* spectrum, float* x) { fft_.inverse(spectrum, x); }

 private:
  dsp::RealFft fft_;
  std::vector<unsigned char> memory_;
};

}  // namespace pellucid::metrics
