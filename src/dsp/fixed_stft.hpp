// The short-time Fourier transform of stft.hpp in integers: 16-bit samples in and out, spectra of 32 bits.
//
//   FixedStft stft(512);                                           // no memory of its own
//   int32_t work[2 * FixedStft::work_values(512)];
//   const int32_t* spectrum = stft.analyse(last_hop, hop, work);   // 257 bins inside work, re and im in turn
//   …                                                              // change it: every part within ±2^29
//   stft.synthesise(spectrum, overlap, work, hop_out);             // what came in one hop earlier
//
// A sample of 1 counts 2^fraction_bits in a spectrum that is not scaled otherwise, so that the loudest possible window
// stays below 2^28.4: no block exponent is needed. Stockham's transform of radix 4 (and one pass of 2); the inverse
// divides by the radix in every pass, after which no magnitude is larger than before. Factors are Q15: what they err by
// is some 90 dB below the strongest bin.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/fixed_tables.hpp"

namespace pellucid::dsp {

/// One pass: `groups` times `stride` butterflies of `radix` (4 or 2) numbers each, x -> y, parts apart.
struct FixedPass {
  uint32_t radix, groups, stride;
  int32_t down;  ///< bits that every number is shifted right, rounding, before it is used: 0, or log2(radix)
  const int32_t *x_re, *x_im;
  int32_t *y_re, *y_im;
};

/// y[stride (radix p + j) + q] = w^(j p) sum_k x[stride (p + groups k) + q] e^(-2 pi i j k / radix) where w is
/// e^(-2 pi i / (radix groups)) and p = 0 has no product. Defines the bits; others must give the same.
void fixed_pass(const FixedPass& pass);

/// The work of a transform, step by step. A complex number z[i] of window / 2 is z[i] and z[window / 2 + i]. Each of
/// the functions named fixed_… defines the bits; others must give the same.
struct FixedSteps {
  void (*pass)(const FixedPass& pass);
  /// Two hops under the window: z[i] is samples 2i and 2i + 1.
  void (*cut)(const int16_t* last_hop, const int16_t* hop, uint32_t window, int32_t* z);
  /// The transform of z -> spectrum of the samples, [window / 2 + 1][re, im], and back.
  void (*split)(const int32_t* z, uint32_t window, int32_t* spectrum);
  void (*join)(const int32_t* spectrum, uint32_t window, int32_t* z);
  /// The first half of what cut made, windowed again, and overlap -> hop; the second half -> overlap.
  void (*overlap_add)(const int32_t* z, uint32_t window, int32_t* overlap, int16_t* hop);
};

void fixed_cut(const int16_t* last_hop, const int16_t* hop, uint32_t window, int32_t* z);
void fixed_split(const int32_t* z, uint32_t window, int32_t* spectrum);
void fixed_join(const int32_t* spectrum, uint32_t window, int32_t* z);
void fixed_overlap_add(const int32_t* z, uint32_t window, int32_t* overlap, int16_t* hop);

inline constexpr FixedSteps kFixedSteps = {fixed_pass, fixed_cut, fixed_split, fixed_join, fixed_overlap_add};

/// Bits after the point of a spectrum of whole samples.
constexpr int32_t fixed_fraction_bits(uint32_t window) {
  int32_t bits = 14;
  for (uint32_t w = window; w > 1; w /= 2) --bits;
  return bits;
}
inline constexpr int32_t kLoudestFixed = 1 << 28;  ///< what overlap_add takes of a sample before the window

class FixedStft {
 public:
  /// 64 to kMaxFixedWindow, a power of two.
  static constexpr bool supports(uint32_t window) {
    return window >= 64 && window <= kMaxFixedWindow && (window & (window - 1)) == 0;
  }
  /// Numbers in each of the two halves of `work`.
  static constexpr size_t work_values(uint32_t window) { return window + 2; }

  /// steps have to live on.
  explicit FixedStft(uint32_t window_samples, const FixedSteps& steps = kFixedSteps)
      : window_(window_samples), steps_(&steps) {}
  FixedStft() : FixedStft(512) {}

  uint32_t hop() const { return window_ / 2; }
  int32_t fraction_bits() const { return fixed_fraction_bits(window_); }
  /// The spectrum of last_hop and hop, in one of the halves of work.
  int32_t* analyse(const int16_t* last_hop, const int16_t* hop, int32_t* work) const;
  /// spectrum is one of the halves of work; both are used up. overlap [hop] is carried from call to call. Saturates.
  void synthesise(const int32_t* spectrum, int32_t* overlap, int32_t* work, int16_t* hop) const;

 private:
  /// e^(-2 pi i n / half) sums of a half of work, which comes back as the other or the same.
  int32_t* transform(int32_t* from, int32_t* work, bool inverse) const;
  int32_t* other(const int32_t* half, int32_t* work) const;

  uint32_t window_;
  const FixedSteps* steps_;
};

}  // namespace pellucid::dsp
