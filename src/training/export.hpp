// A trained network as the one model file of docs/network.md.
#pragma once

#include <filesystem>
#include <string>

#include "training/network.hpp"

namespace pellucid::training {

/// The file's bytes; `provenance` is JSON text about data, steps and seed.
std::string encode_model(const Network& network, const std::string& name, const std::string& provenance);

}  // namespace pellucid::training
