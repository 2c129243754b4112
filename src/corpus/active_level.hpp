// Active speech level by ITU-T P.56 (12/2011), method B: the level of speech without its pauses.
//
//   const ActiveLevel level = active_level(samples, 16000);
//   const float gain_db = -26.0f - level.level_dbfs;
#pragma once

#include <span>

namespace pellucid::corpus {

/// What silence reports in place of minus infinity.
inline constexpr float kSilenceDbfs = -120.0f;

/// P.56's figures: the time constant of both poles of the envelope, how long it stays active, and how far the active
/// level lies above the threshold.
inline constexpr double kEnvelopeS = 0.03, kHangoverS = 0.2, kMarginDb = 15.9;
/// Thresholds 2^-20 .. 2^-1 of full scale.
inline constexpr int kThresholds = 20;

struct ActiveLevel {
  float level_dbfs = kSilenceDbfs;  ///< RMS over the active samples; full-scale square wave = 0 dB
  float activity = 0;               ///< share of the samples that are active, 0..1
};

/// Of the samples times `gain`. Thresholds reach further down than P.56's, so quiet float signals measure the same as
/// loud ones. Samples that are not finite count as zero. Silence and an empty span give {kSilenceDbfs, 0}.
ActiveLevel active_level(std::span<const float> samples, int rate_hz, float gain = 1);

/// Plain RMS level in dBFS of the samples times `gain`, kSilenceDbfs for silence or nothing. Samples that are not
/// finite count as zero.
float rms_level_dbfs(std::span<const float> samples, float gain = 1);

}  // namespace pellucid::corpus
