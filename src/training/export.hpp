// A trained network as the one model file of docs/network.md.
#pragma once

#include <filesystem>
#include <string>

#include "training/network.hpp"

namespace pellucid::training {

/// The file's bytes; `provenance` is JSON text about data, steps and seed. Where it is to be sparse, weights in which
/// whole blocks (nn/blocks.hpp) are zero are there as those that are not.
std::string encode_model(const Network& network, const std::string& name, const std::string& provenance,
                         bool sparse = false);

/// The name that a model takes from its file: without folder and ending. Throws Error(kUsage) where it is no UTF-8.
std::string model_name_of(const std::filesystem::path& out);

}  // namespace pellucid::training
