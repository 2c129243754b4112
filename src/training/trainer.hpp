// `pellucid train`: from a recipe and a corpus to a model file, resumable at any moment.
#pragma once

#include <filesystem>

#include "support/progress.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

struct TrainResult {
  long steps = 0;
  double hours_of_audio = 0, si_sdr_db = 0, stoi = 0;
  std::filesystem::path model;
};

/// Trains until recipe.train.steps, or until Ctrl-C (Error kInterrupted after a checkpoint). In recipe.train.output lie
/// `last.ckpt`, `NAME.safetensors` (averaged weights, best on the validation split), `recipe.toml`, `curve.csv` and
/// `curve.html`. With `resume` it goes on from last.ckpt, and starts where there is none.
/// Throws Error (kRecipe, kCorpus, kTraining, kOutput).
TrainResult train(const Recipe& recipe, bool resume, ProgressStyle progress = ProgressStyle::kAuto);

}  // namespace pellucid::training
