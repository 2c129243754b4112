// How far the envelopes of an estimate are from those of clean speech, as intelligibility counts it. No LibTorch here.
//
// After Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted noisy speech" (2011):
// third octaves from 150 Hz, frames within 40 dB of the loudest, segments of 384 ms, the correlation of the two
// envelopes in each. Here frames are the network's, and the estimate is not clipped.
#pragma once

#include <vector>

namespace pellucid::training {

/// Bins low … high-1 of a band.
struct BandBins {
  int low, high;
};
/// The third octaves, 15 from 150 Hz on, that `bins` bins from 0 Hz to half the rate have room for.
std::vector<BandBins> third_octaves(int bins, int sample_rate_hz);

/// Frames in 384 ms, at least 2.
int segment_frames(int sample_rate_hz, int hop_samples);

inline constexpr float kActiveFrame = 1e-4f;  ///< 40 dB under the loudest frame, up to which one does not count
/// The frames that count, by their energies; none of silence.
std::vector<int> active_frames(const std::vector<float>& energy);

inline constexpr float kEnvelopeFloor = 1e-12f;  ///< added to the power in a band
inline constexpr float kFlatEstimate = 1e-4f;    ///< the energy of an envelope's changes that counts anyway
inline constexpr float kAbsentBand = 1e-6f;      ///< energy in a segment, of the largest, up to which it does not count
inline constexpr float kCorrelationFloor = 1e-20f;  ///< added to energies that are divided by

/// The mean of 1 - correlation over bands and segments of x (clean) and y (estimate), [bands][frames] each; adds
/// `scale` times its gradient to dy. 0 where there are fewer frames than a segment has.
double envelope_distance(int bands, int frames, int segment, const float* x, const float* y, float scale, float* dy);

}  // namespace pellucid::training
