// What a model file says of its own training. No LibTorch here.
#pragma once

#include <string>
#include <vector>

#include "training/recipe.hpp"

namespace pellucid::training {

/// The recipe that a model was trained by, as its metadata's `training` tells, to train it a little further: its
/// architecture, its learning rate with a short warm-up, a shorter moving average, no teacher, and
/// statistics that stay as the model has them (the caller sets train.start). Without a recipe in `training` it is the
/// default one. `where` names it in errors. Throws Error(kRecipe).
Recipe recipe_to_go_on(const std::string& where, const std::string& training, const Architecture& architecture);

/// For the metadata of a model that began from another: the other's name and what its `training` says of steps, hours
/// and seed, as JSON text.
std::string ancestry(const std::string& name, const std::string& training);

/// The seed of one of several trainings that follow each other, each from the model of the one before, in place of
/// `seed`: pair i of a seed is always the same, so that all would begin with the same mixtures. Parts 1, 2, .. are the
/// cuts of `prune`, kFinetunePart that with rounded weights.
int seed_of_part(int seed, int part);
inline constexpr int kFinetunePart = 1000;

/// What of that `prune` sets itself, so that its settings may not; as Recipe::apply has it.
inline const std::vector<std::string> kSetByPrune = {
    "name",        "model.",      "train.output",           "train.start",
    "train.steps", "train.decay", "train.fixed_statistics", "train.validate_every"};

}  // namespace pellucid::training
