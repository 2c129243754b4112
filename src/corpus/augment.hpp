// What happens to a signal between a mouth and a file: filters, gain ramps, clipping, coarse quantisation.
//
//   BiquadCascade eq = random_equalizer(rng);
//   run_filter(eq, speech);
//   run_filter(lowpass(3400, 16000), speech);
#pragma once

#include <span>
#include <vector>

#include "corpus/mix_random.hpp"

namespace pellucid::corpus {

/// Second-order section, a0 = 1: H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2).
struct Biquad {
  float b0 = 1, b1 = 0, b2 = 0, a1 = 0, a2 = 0;
};

/// At most eight sections, run in one pass over the signal.
struct BiquadCascade {
  static constexpr int kMax = 8;
  Biquad sections[kMax];
  int count = 0;
  void add(const Biquad& section) {
    if (count < kMax) sections[count++] = section;
  }
};

/// Filters in place from rest.
void run_filter(const BiquadCascade& cascade, std::span<float> x);

/// Band-pass of unit peak gain; q = centre / bandwidth (R. Bristow-Johnson's cookbook).
Biquad bandpass(double center_hz, double q, double rate_hz);

/// Butterworth of order 16: -3 dB at the edge, more than 45 dB down at 1.4 times the edge.
BiquadCascade lowpass(double edge_hz, double rate_hz);

/// Butterworth of order 4.
BiquadCascade highpass(double edge_hz, double rate_hz);

/// One second-order section whose four coefficients are uniform in +-3/8 (Valin 2018, RNNoise): about +-10 dB of tilt.
BiquadCascade random_equalizer(Random& rng);

/// A gain that moves in decibels by straight lines between points at equal distances; of no points: none.
struct GainRamp {
  int points = 0;
  double db[5] = {};
};

/// Two to five points within +-range_db.
GainRamp random_gain_ramp(Random& rng, double range_db);
void apply_ramp(const GainRamp& ramp, std::span<float> x);

/// Samples that change_speed reads beyond speed * out.size().
inline constexpr std::size_t kSpeedMargin = 20;

/// Plays faster (speed > 1, higher) or slower (lower) by sixteen-tap windowed sinc interpolation; what would alias is
/// filtered. x has at least speed * out.size() + kSpeedMargin samples, and does not overlap out.
void change_speed(std::span<const float> x, double speed, std::span<float> out);

/// Hard limit at +-limit.
void clip_hard(float limit, std::span<float> x);

/// Saturation limit * tanh(x / limit): bends before it limits.
void clip_soft(float limit, std::span<float> x);

/// Rounds to steps of 2^(1-bits) of full scale and limits to what `bits` can hold.
void quantize_linear(int bits, std::span<float> x);

/// ITU-T G.711 mu-law's continuous law (mu = 255), rounded to 8 bits and back.
void quantize_mu_law(std::span<float> x);

}  // namespace pellucid::corpus
