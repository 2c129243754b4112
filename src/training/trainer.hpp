// `pellucid train`: from a recipe and a corpus to a model file, resumable at any moment.
#pragma once

#include <filesystem>

#include "support/progress.hpp"
#include "training/process_group.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

struct TrainResult {
  long steps = 0;
  double hours_of_audio = 0;
  std::filesystem::path model;  ///< empty where another process writes it
  /// Of that file: the step that was best, and its validation.
  long best_step = 0;
  double si_sdr_db = 0, stoi = 0;
};

/// Trains until recipe.train.steps, or until Ctrl-C (Error kInterrupted after a checkpoint). In recipe.train.output lie
/// `last.ckpt`, `NAME.safetensors` (averaged weights, best on the validation split), `recipe.toml`, `curve.csv` and
/// `curve.html`; files of those names that no training made are not replaced but refused. With `resume` it goes on from
/// last.ckpt, and starts where there is none. Where no validation found a network that makes numbers it ends with
/// Error(kTraining) and writes no model.
/// With several processes in `group`, each calls it with the same recipe: they train as one with as many replicas as
/// all have together, and the first alone writes, resumes and shows progress. Throws Error (kRecipe, kCorpus,
/// kTraining, kOutput).
TrainResult train(const Recipe& recipe, bool resume, ProgressStyle progress = ProgressStyle::kAuto,
                  ProcessGroup& group = ProcessGroup::alone());

}  // namespace pellucid::training
