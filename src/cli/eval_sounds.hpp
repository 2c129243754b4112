// The signals of a pair: read from files, or denoised by a model on the way.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/eval_pairs.hpp"
#include "support/spill.hpp"

namespace pellucid::cli {

/// Mono, of one length, full scale 1; `enhanced` is empty without one. Long ones are not in memory.
struct EvalSounds {
  int rate_hz = 0;
  Spilled<float> clean, noisy, enhanced;
  double denoise_seconds = 0;
  std::vector<std::string> notes;  ///< sentences about what was put right on the way
};

/// A model's bytes, once the engine has accepted them; empty for an empty name. Throws Error(kModel).
std::vector<std::byte> read_checked_model(const std::string& name);

/// Reads a pair's files, and denoises the noisy one when `model` is not empty. Throws Error(kInput) when rates or
/// lengths differ or a file is missing, Error(kAudio) when one is damaged.
EvalSounds load_sounds(const EvalPair& pair, const std::vector<std::byte>& model);

}  // namespace pellucid::cli
