#include "cli/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/nearest.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 2> kExtensions{".pellucid", ".safetensors"};
constexpr std::uintmax_t kLargestModelBytes = 256u << 20;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

}  // namespace

fs::path program_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : self.parent_path();
}

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  if (const char* variable = std::getenv("PELLUCID_MODELS"); variable != nullptr) {
    const std::string list = variable;
    for (std::size_t start = 0; start <= list.size();) {
      const std::size_t end = std::min(list.find(':', start), list.size());
      if (end > start) folders.emplace_back(list.substr(start, end - start));
      start = end + 1;
    }
  }
  const fs::path here = program_folder();
  folders.push_back((here / "../share/pellucid/models").lexically_normal());
  folders.push_back((here / "../../models").lexically_normal());  // build/<preset>/pellucid of a source tree
  return folders;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const fs::path& folder : model_folders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string extension = entry.path().extension().string();
      const bool model = std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
      if (model && is_file(entry.path())) names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

fs::path find_model(const std::string& name) {
  if (name.find('/') != std::string::npos || is_file(name)) return name;
  for (const fs::path& folder : model_folders()) {
    for (const char* extension : kExtensions) {
      const fs::path candidate = folder / (name + extension);
      if (is_file(candidate)) return candidate;
    }
  }
  const std::vector<std::string> names = model_names();
  std::string folders;
  for (const fs::path& folder : model_folders()) folders += (folders.empty() ? "" : ", ") + folder.string();
  if (names.empty()) {
    throw Error(ExitCode::kModel, "There is no model '{}': no model at all in {}; name a file or set PELLUCID_MODELS.",
                name, folders);
  }
  throw Error(ExitCode::kModel, "There is no model '{}'; {}{}", name, did_you_mean(name, names),
              nearest(name, names) ? "" : ".");
}

std::vector<std::byte> read_model(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw Error(ExitCode::kModel, "{}: is a folder where a model file is meant.", path.string());
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Error(ExitCode::kModel, "{}: the model cannot be opened: {}.", path.string(), std::strerror(errno));
  std::vector<std::byte> bytes;
  std::array<std::byte, 1 << 16> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), file.get())) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
    if (bytes.size() > kLargestModelBytes) {
      throw Error(ExitCode::kModel, "{}: is no model: it has more than {} MiB.", path.string(),
                  kLargestModelBytes >> 20);
    }
  }
  if (std::ferror(file.get()) != 0) throw Error(ExitCode::kModel, "{}: the model cannot be read.", path.string());
  if (bytes.empty())
    throw Error(ExitCode::kModel, "{}: the model is empty (0 bytes); get the file again.", path.string());
  return bytes;
}

std::unique_ptr<Model> load_model(const std::string& name) {
  auto model = std::make_unique<Model>();
  model->path = find_model(name);
  model->bytes = read_model(model->path);
  const nn::ModelError error = model->file.parse(model->bytes.data(), model->bytes.size());
  if (error.status != nn::ModelStatus::kOk) {
    throw Error(ExitCode::kModel, "{}: not a model that can be used: {}; get the file again or name another model.",
                model->path.string(), error.detail);
  }
  return model;
}

std::string metadata_text(const nn::ModelFile& file, const char* key) {
  const nn::Text text = file.metadata(key);
  std::string quoted(1, '"');
  quoted.append(text.data, text.size).push_back('"');
  const nlohmann::json value = nlohmann::json::parse(quoted, nullptr, false);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace pellucid::cli
