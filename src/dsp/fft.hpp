// Fourier transform of real signals of any even size whose half has no prime factor above 13.
//
//   Arena arena(memory, bytes);
//   RealFft fft;
//   if (!fft.init(512, arena)) …          // size not supported, or memory too small
//   fft.forward(x, spectrum);             // x[512] -> spectrum[2 * 257], re and im in turn
//   fft.inverse(spectrum, x);             // and back: x as it was
//
// Stockham's self-sorting algorithm (radix 4, 2, 3, 5, then 7, 11, 13) on re and im in arrays of their own, so that the
// inner loops run over neighbouring floats; the real transform of n samples is a complex one of n/2.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"

namespace pellucid::dsp {

class RealFft {
 public:
  static constexpr uint32_t kMaxSize = 1u << 22;

  /// Whether a transform of `size` samples exists: even, 4 to kMaxSize, size/2 made of 2, 3, 5, 7, 11 and 13.
  static bool supports(uint32_t size);
  /// The supported multiple of `step` (even) nearest to `samples`, the smaller of two; 0 beyond kMaxSize.
  static uint32_t nearest_size(double samples, uint32_t step = 2);

  /// Makes the tables. False when `size` is not supported or the arena has no memory (also when it only counts).
  bool init(uint32_t size, Arena& arena);

  /// X[k] = sum x[n] e^(-2 pi i k n / size), k = 0 … size/2, not scaled. Uses scratch memory of this object.
  void forward(const float* x, float* spectrum);
  /// The inverse of forward. Imaginary parts of bins 0 and size/2 are ignored.
  void inverse(const float* spectrum, float* x);

  uint32_t size() const { return 2 * half_; }
  uint32_t bins() const { return half_ + 1; }

 private:
  static constexpr int kMaxStages = 16;
  struct Stage {
    uint32_t radix, groups, stride;  // groups * radix * stride = half_
    float* twiddle;                  // [radix-1][re, im][groups]
    float* roots;                    // [re, im][radix], for the general radices
  };
  template <uint32_t kRadix>
  static void pass(const Stage& stage, const float* xr, const float* xi, float* yr, float* yi);
  /// Transforms *re and *im, which are work_[0] and work_[1] in either order, and points them at the result.
  void transform(float** re, float** im);

  uint32_t half_ = 0;
  int stage_count_ = 0;
  Stage stages_[kMaxStages] = {};
  float* unpack_ = nullptr;  // [half/2 + 1][re, im]
  float* work_[4] = {};
};

}  // namespace pellucid::dsp
