// Models by name: which file `small` is, for the command line and for the plugins alike. Nothing here throws or prints.
//
//   const auto folders = model_folders({"/usr/share/pellucid/models"});
//   if (const auto file = find_model_file("small", folders)) …
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pellucid {

/// A variable of the environment; empty where it is not set.
std::string environment(const char* name);

/// Where names are looked up, best first: $PELLUCID_MODELS (folders between ':', under Windows ';'), then `others`.
std::vector<std::filesystem::path> model_folders(const std::vector<std::filesystem::path>& others);

/// True for names that end like a model file: .pellucid, .safetensors.
bool has_model_extension(const std::filesystem::path& path);

/// The names that `folders` have, sorted.
std::vector<std::string> model_names(const std::vector<std::filesystem::path>& folders);

/// NAME.pellucid or NAME.safetensors of the first folder that has one; none where no folder does.
std::optional<std::filesystem::path> find_named_model(const std::string& name,
                                                      const std::vector<std::filesystem::path>& folders);

/// `name` itself when it names a folder, too, or is a file, otherwise find_named_model's.
std::optional<std::filesystem::path> find_model_file(const std::string& name,
                                                     const std::vector<std::filesystem::path>& folders);

/// Reads a whole model file, unchecked. Returns what is wrong ("the model is empty (0 bytes)"), or nothing.
std::optional<std::string> read_model_file(const std::filesystem::path& path, std::vector<std::byte>& bytes);

}  // namespace pellucid
