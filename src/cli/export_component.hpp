// `pellucid export MODEL --target TARGET -o DIR`: a component for a firmware project.
#pragma once

#include <filesystem>
#include <string>

#include "cli/models.hpp"

namespace pellucid::cli {

/// Writes the component of an int8 model for a target of export_target.hpp. It appears whole or not at all; a folder
/// that is there is kept, or replaced where `force` says so and it holds a component.
/// Throws Error: kUsage for an unknown target, kModel for a float model and for one that does not fit, kOutput.
void export_component(const Model& model, const std::string& target, const std::filesystem::path& folder, bool force);

}  // namespace pellucid::cli
