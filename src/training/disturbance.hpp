// How much of the difference between an estimate and clean speech an ear would hear, as quality counts it. No LibTorch
// here.
//
// After ITU-T P.862 and P.862.2 (metrics/pesq_*.hpp has them whole): power over the Bark scale, each frame of the
// estimate at the level of the clean one, loudness in sone, what is masked left out, what was added counted more than
// what is missing, a norm of power 6 over 320 ms and one of power 2 over those. As a loss it was first used by
// Martin-Doñas et al., "A deep learning loss function based on the perceptual evaluation of the speech quality" (2018).
// Here frames are the network's, both signals have the gain that brings the clean one, or noise alone, to the listening
// level, filtering is not taken out of the comparison, and a frame's level does not follow those before. It is matched
// far less where nobody speaks: the measure hardly hears how loud the noise in a pause is, and a network told so leaves
// it there.
#pragma once

#include <vector>

namespace pellucid::training {

/// Bins low … high-1 of a Bark band, and what becomes of the sum of their powers.
struct HearingBand {
  int low, high;
  float density;    ///< from the sum to a density of power
  float threshold;  ///< the density that is just heard
  float sone;       ///< loudness is sone ((1 + density / threshold) / 2)^exponent - sone
  float exponent;
  float width;  ///< Bark
};

struct Hearing {
  std::vector<float> bins;         ///< gains of powers: what headphones let through
  std::vector<float> level;        ///< share of a bin's power in the level of a signal, 0 or the same for all
  std::vector<HearingBand> bands;  ///< those that there are bins for, without the lowest
  int syllable;                    ///< frames in 320 ms
};
/// For spectra of `bins` bins from 0 Hz to half the rate, each transformed with a window whose powers' sum is `bins`.
Hearing hearing(int bins, int sample_rate_hz, int hop_samples);

/// The listening level as mean power from 350 to 3250 Hz, and what is silence before a gain.
inline constexpr double kListeningLevel = 1e7, kSilentLevel = 1e-9;
/// The gain that brings a signal of these powers, [frames][bins], to the listening level; 0 for silence.
float listening_gain(const Hearing& hearing, int frames, const float* power);

inline constexpr float kGainFloor = 1e6f, kLeastGain = 0.1f, kMostGain = 5;  ///< of a frame's level (5e3, 3e-4, 5)
inline constexpr float kMasked = 0.25f;
inline constexpr float kAsymmetryFloor = 50, kAsymmetryPower = 1.2f, kLeastAsymmetry = 3, kMostAsymmetry = 12;
inline constexpr float kWeightFloor = 1e5f, kWeightUnit = 1e7f, kWeightPower = -0.04f;  ///< loud frames count less
inline constexpr float kMostDisturbance = 45, kSymmetricWeight = 0.1f, kAsymmetricWeight = 0.0309f;

/// How many points of PESQ the difference costs, of x (clean) and y (estimate), densities [frames][bands]; adds `scale`
/// times its gradient to dy.
double disturbance(const Hearing& hearing, int frames, const float* x, const float* y, float scale, float* dy);

}  // namespace pellucid::training
