// What a training begins with, checked against its recipe.
#pragma once

#include <filesystem>

#include "corpus/corpus.hpp"
#include "training/process_group.hpp"
#include "training/recipe.hpp"
#include "training/stored_model.hpp"

namespace pellucid::training {

/// The recipe's corpus. Throws Error(kCorpus) where it has another rate or misses what the recipe mixes, Error(kRecipe)
/// where the training needs more memory than there is, Error(kTraining) where processes have another recipe or corpus.
corpus::Corpus open_corpus(const Recipe& recipe, ProcessGroup& group);

/// The model file that the recipe's training begins from. Throws Error(kModel), and Error(kRecipe) where it is of
/// another architecture, unless it only has fewer blocks.
StoredModel open_start(const Recipe& recipe, const std::filesystem::path& path);

}  // namespace pellucid::training
