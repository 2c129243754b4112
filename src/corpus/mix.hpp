// Speech and noise added at a stated signal-to-noise ratio.
//
//   const MixGains gains = solve_gains({.target = clean, .wet = clean, .noise = noise}, 16000,
//                                      {.snr_db = 5, .level_dbfs = -26});
//   noisy[i] = gains.speech * wet[i] + gains.noise * noise[i];  clean[i] = gains.speech * target[i];
//
// Level of speech: ITU-T P.56 active speech level (kActive), or plain RMS over the whole signal (kRms). Level of noise:
// plain RMS in both (as in VoiceBank-DEMAND and ITU-T P.800 practice). SNR is the difference.
#pragma once

#include <span>

namespace pellucid::corpus {

enum class SnrMode { kActive, kRms };

/// dBFS (full-scale square wave = 0 dB) by the chosen definition, of x times `gain`; kSilenceDbfs for silence.
double speech_level_dbfs(std::span<const float> x, int rate_hz, SnrMode mode, float gain = 1);

/// Root of the mean square, full scale 1.
double rms(std::span<const float> x);

/// The largest magnitude; 0 for nothing. NaN is passed over.
float peak(std::span<const float> x);

/// Below these RMS there is no speech, and no noise, to bring to a level.
inline constexpr double kLeastSpeechRms = 1e-7, kLeastNoiseRms = 1e-9;

/// How often solve_gains looks whether the peak is low enough.
inline constexpr int kPeakAttempts = 6;
/// How far above the limit a peak may stay.
inline constexpr double kPeakTolerance = 1.001;

struct MixParts {
  std::span<const float> target;  ///< what a denoiser should give; its level counts
  std::span<const float> wet;     ///< what the microphone hears of the speech; the target itself without a room
  std::span<const float> noise;
};

struct MixRequest {
  double snr_db = 0;
  double level_dbfs = -26;   ///< of the target
  double peak_limit = 0.99;  ///< speech and noise are scaled down together where the mixture's peak is above; 0: never
  SnrMode mode = SnrMode::kActive;
};

struct MixGains {
  float speech = 0;  ///< for target and wet
  float noise = 0;
  double scale = 1;          ///< below 1: the factor by which both were scaled down
  double level_dbfs = -120;  ///< of the target as it is now
};

/// The SNR of the result is exact by the same measure at the result's own level. A silent target gets speech = 0 and
/// the noise the level level_dbfs - snr_db; silent noise gets noise = 0.
MixGains solve_gains(const MixParts& parts, int rate_hz, const MixRequest& request);

}  // namespace pellucid::corpus
