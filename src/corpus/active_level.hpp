// Active speech level by ITU-T P.56 (12/2011), method B: the level of speech without its pauses.
//
//   const ActiveLevel level = active_level(samples, 16000);
//   const float gain_db = -26.0f - level.level_dbfs;
#pragma once

#include <span>

namespace pellucid::corpus {

/// What silence reports in place of minus infinity.
inline constexpr float kSilenceDbfs = -120.0f;

struct ActiveLevel {
  float level_dbfs = kSilenceDbfs;  ///< RMS over the active samples; full-scale square wave = 0 dB
  float activity = 0;               ///< share of the samples that are active, 0..1
};

/// Of the samples times `gain`: envelope with two 0.03 s poles, 200 ms hangover, thresholds in steps of 2 and a margin
/// of 15.9 dB as P.56 says. Thresholds reach down to 2^-20 of full scale, so quiet float signals measure the same as
/// loud ones. Samples that are not finite count as zero. Silence and an empty span give {kSilenceDbfs, 0}.
ActiveLevel active_level(std::span<const float> samples, int rate_hz, float gain = 1);

/// Plain RMS level in dBFS of the samples times `gain`, kSilenceDbfs for silence or nothing. Samples that are not
/// finite count as zero.
float rms_level_dbfs(std::span<const float> samples, float gain = 1);

}  // namespace pellucid::corpus
