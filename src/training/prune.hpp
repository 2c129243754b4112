// `pellucid prune`: a trained model with fewer channels, GRU units and bands, or with fewer blocks of its weights, cut
// in several steps with training between them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/progress.hpp"
#include "training/importance.hpp"
#include "training/validation.hpp"

namespace pellucid::training {

struct PruneOptions {
  std::filesystem::path model, out;
  double speed = 2;       ///< multiply-adds of a frame before, by those after
  int cuts = 4;           ///< times that units are cut out
  int steps = 4000;       ///< of training, over all cuts: half of them behind the last
  int multiple = 8;       ///< of which the units of every kind but bands stay
  int block_outputs = 0;  ///< 8 or 16: blocks of so many outputs by 4 inputs go, and no units; 0: units
  ImportanceKind importance = ImportanceKind::kTaylor;
  int pairs = 32;                     ///< that importance is measured on
  std::vector<std::string> settings;  ///< of the recipe, "key=value"
  bool resume = false, force = false;
  ProgressStyle progress = ProgressStyle::kAuto;
};

/// What a model is and does.
struct Standing {
  std::filesystem::path model;
  std::size_t bytes = 0;
  Architecture architecture;
  std::uint64_t parameters = 0, multiply_adds = 0;  ///< that its file holds, and of a frame
  Scores scores;
};

struct Pruned {
  Standing before, after;
};

/// The recipe is the one that the model's own provenance holds, with a learning rate of 3e-3. Beside OUT lies OUT.work
/// until the end, from which `resume` goes on. Throws Error: kModel (no model, an int8 model, a block-sparse one whose
/// units were to go), kUsage (a speed that cannot be met, ablation of blocks), kTraining (a layer that does nothing),
/// kCorpus, kRecipe, kOutput, kInterrupted.
Pruned prune(const PruneOptions& options);

}  // namespace pellucid::training
