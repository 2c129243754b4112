// Models by name or by file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nn/model_file.hpp"

namespace pellucid::cli {

/// What `--model` of denoise and live is when nobody says.
constexpr const char* kDefaultModel = "base";

/// The folder of this program.
std::filesystem::path program_folder();

/// Where names are looked up, best first: $PELLUCID_MODELS (folders between ':'), the installed share/pellucid/models,
/// the source tree's models/.
std::vector<std::filesystem::path> model_folders();

/// The names `--model` takes, sorted.
std::vector<std::string> model_names();

/// A file when `name` has a '/' or is one, otherwise NAME.pellucid or NAME.safetensors of the model folders.
/// Throws Error(kModel) that lists the names there are.
std::filesystem::path find_model(const std::string& name);

/// A whole model file; not checked, that is the engine's work.
/// Throws Error(kModel) when it cannot be read or is beyond any model's size.
std::vector<std::byte> read_model(const std::filesystem::path& path);

struct Model {
  std::filesystem::path path;
  std::vector<std::byte> bytes;
  nn::ModelFile file;  ///< of `bytes`
};

/// A model by name or file, read and checked. Throws Error(kModel) that says what is wrong with it, also when it is an
/// int8 model where only float ones can be used.
std::unique_ptr<Model> load_model(const std::string& name);
/// The same; int8 models, too.
std::unique_ptr<Model> load_any_model(const std::string& name);

/// A string of a model's metadata with its JSON escapes undone; empty when there is none.
std::string metadata_text(const nn::ModelFile& file, const char* key);

}  // namespace pellucid::cli
