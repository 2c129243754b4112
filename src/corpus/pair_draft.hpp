// A pair of noisy and clean sound as it is drawn, before anything is filtered, heard through a room or added up.
//
//   PairDraft draft = maker.draw(seed, index, samples);
//   mix(draft, 16000, noisy, clean);
#pragma once

#include <span>
#include <vector>

#include "corpus/augment.hpp"

namespace pellucid::corpus {

/// In the order in which it is done. All sounds have as many samples; a cascade of no sections and a ramp of no points
/// change nothing.
struct PairDraft {
  std::vector<float> speech;  ///< zeros: noise alone
  BiquadCascade speech_equalizer;
  GainRamp speech_ramp;
  std::vector<float> response, early;  ///< of a room, and what of it stays in the target; empty: no room

  bool pure = false;                  ///< no noise at all: `noise` is zeros, and the mixture the target to the bit
  std::vector<float> noise;           ///< a recording, babble, or made up
  std::vector<float> noise_response;  ///< of the room in which babble is heard; or empty
  std::vector<float> second;          ///< added to `noise`; or empty
  std::vector<float> second_response;
  double second_db = 0;  ///< RMS of `second` against that of `noise`
  BiquadCascade noise_equalizer;
  GainRamp noise_ramp;
  std::vector<float> transients;  ///< added to what is there so far; or empty
  double transients_db = 0;       ///< RMS against it

  BiquadCascade band;  ///< what limits both, speech and noise
  double snr_db = 0, level_dbfs = -26;

  enum class Clipping { kNone, kHard, kSoft };
  Clipping clipping = Clipping::kNone;  ///< of the mixture
  double clip_db = 0;                   ///< the limit against its peak
  static constexpr int kMuLaw = -1;
  int bits = 0;  ///< to which the mixture is rounded; kMuLaw; 0: not rounded
};

/// The level that the mixture's peak is kept below.
inline constexpr double kPeakLimit = 0.99;

/// Uses up the draft's sounds. Returns the level of the speech, dBFS by ITU-T P.56. noisy and clean are as long as the
/// draft's sounds and do not overlap.
double mix(PairDraft& draft, int rate_hz, std::span<float> noisy, std::span<float> clean);

}  // namespace pellucid::corpus
