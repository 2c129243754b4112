// From a stretch of sound to what is heard of it, band by band (ITU-T P.862, 10.2.1 to 10.2.6).
#pragma once

#include <array>
#include <vector>

#include "metrics/pesq_signal.hpp"
#include "metrics/power_spectrum.hpp"

namespace pellucid::metrics::pesq {

constexpr int kFrame = 512, kHop = kFrame / 2;
constexpr double kPitchGain = 6.910853e-6, kLoudnessGain = 0.1866055;  ///< calibrated to a 1 kHz tone of 40 dB

/// A value a Bark band.
using Bands = std::array<double, kBands>;

/// The power of frames over the Bark scale.
class PitchPower {
 public:
  PitchPower();
  Bands operator()(const std::vector<float>& signal, int begin);

 private:
  PowerSpectrum spectrum_;
  std::vector<double> window_, frame_, power_;
};

/// The power of the bands that lie `times` above the threshold of hearing; the lowest band does not count.
double audible_power(const Bands& pitch_power, double times);
/// Mean over the frames that are not silent, of what is well audible.
Bands mean_audible(const std::vector<Bands>& frames, const std::vector<bool>& silent, double count);
/// Takes the linear filtering that the degraded signal has out of the comparison, partly.
void equalize(std::vector<Bands>& reference, const Bands& reference_mean, const Bands& degraded_mean);
/// Zwicker's exponent of each band, larger below 4 Bark.
Bands loudness_exponents();
/// In Sone.
Bands loudness(const Bands& pitch_power);

struct Disturbance {
  double symmetric = 0, asymmetric = 0;
};
/// How much the two frames differ to the ear, and how much of it is something added.
Disturbance disturbance(const Bands& reference, const Bands& degraded);

}  // namespace pellucid::metrics::pesq
