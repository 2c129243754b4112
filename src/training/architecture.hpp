// What a recipe's [model] table says: the run time's own description of a network (nn/architecture.hpp), with defaults,
// with errors in the words of a recipe, and as a model file's metadata. No LibTorch here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

/// Where two architectures differ, each as "width = 16".
struct Difference {
  std::string found, expected;
};
/// The first difference, apart from that of the key `but_for`.
std::optional<Difference> first_difference(const Architecture& found, const Architecture& expected,
                                           std::string_view but_for = {});

}  // namespace pellucid::training
