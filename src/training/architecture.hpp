// What a recipe's [model] table says: the run time's own description of a network (nn/architecture.hpp), with defaults,
// with errors in the words of a recipe, and as a model file's metadata. No LibTorch here.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/architecture.hpp"

namespace pellucid::training {

using nn::Architecture;
using nn::FreqMixer;
using nn::Output;
using nn::TimeMixer;

/// What a recipe leaves out.
Architecture default_architecture();
/// Throws Error(kRecipe) with the first value that is out of range, does not fit the others, or is beyond the trainer.
void check(const Architecture& architecture);
/// What the model file's metadata says of it.
std::vector<std::pair<std::string, std::string>> metadata_of(const Architecture& architecture);

}  // namespace pellucid::training
