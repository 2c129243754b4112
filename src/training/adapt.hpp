// `pellucid adapt`: a trained model tuned to a user's own noise, without forgetting the rest.
//
// 1. The recordings are cut into stretches of ten seconds; a fifth of them is held back.
// 2. The model goes on training, at a falling rate, on speech with these stretches, and in a part of the pairs with
//    other recordings, synthetic noise and babble; and, from the same weights, on the same speech without these
//    stretches. What both have moved by is no good: few readers and few recordings pull a model towards themselves.
// 3. To the old weights a share of the difference of the two is added (Ilharco et al., "Editing models with task
//    arithmetic", ICLR 2023), the one that does best on the stretches held back while it loses next to nothing on other
//    noise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/progress.hpp"
#include "training/validation.hpp"

namespace pellucid::training {

/// What the user's noise may cost on other noise: of SI-SDR in dB, of STOI, of PESQ.
inline constexpr double kMostLossDb = 0.1, kMostLossStoi = 0.002, kMostLossPesq = 0.02;

/// Folders of speech that begin so hold speakers that the model was never trained with.
inline constexpr const char* kUnheard = "unheard-";

struct AdaptOptions {
  std::filesystem::path model;                       ///< float model file
  std::vector<std::filesystem::path> noise, speech;  ///< folders or files; a folder of speech is a speaker. Those
                                                     ///< named kUnheard.. are held back, or else a fifth of all
  std::vector<std::filesystem::path> others;         ///< folders of noise to stay good at
  std::filesystem::path out;                         ///< the tuned model; OUT.adapt holds the work until it is done
  std::vector<std::string> settings;                 ///< key=value for the recipe that the model was trained by
  double minutes = 10;                               ///< of training, about
  std::uint64_t seed = 1;
};

struct AdaptResult {
  double noise_s = 0;  ///< of the user's noise that was fit
  long steps = 0;
  double share = 0;                    ///< of the difference
  Scores own_before, own_after;        ///< on the stretches held back
  Scores others_before, others_after;  ///< on the other noises, synthetic noise and babble
};

/// Goes on where an earlier call with the same `out` was stopped. Throws Error: kUsage, kInput, kModel, kCorpus (too
/// little that is fit), kTraining (nothing gained: no file is written), kOutput, kInterrupted.
AdaptResult adapt(const AdaptOptions& options, ProgressStyle style = ProgressStyle::kAuto);

}  // namespace pellucid::training
