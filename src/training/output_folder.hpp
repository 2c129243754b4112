// The folder that a training writes into, train.output: what may lie there when it begins.
#pragma once

#include <filesystem>
#include <memory>

#include "support/folder_lock.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

inline constexpr char kCheckpoint[] = "last.ckpt";
inline constexpr char kRecipe[] = "recipe.toml";
inline constexpr char kStart[] = "start.safetensors";  ///< a copy of train.start, so that the run stays whole

/// NAME.safetensors in train.output.
std::filesystem::path released_model(const Recipe& recipe);

/// Makes the folder, or with a checkpoint in it goes on if `resume` says so, keeps a copy of train.start there, and
/// holds its lock. Throws Error: kOutput where a training lies there and is not to be gone on with, or files that no
/// training made; kTraining where it began from another model than train.start; kModel, kRecipe as open_start.
std::unique_ptr<FolderLock> open_output(const Recipe& recipe, bool resume);

}  // namespace pellucid::training
