#include "cli/models.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/model_files.hpp"
#include "support/nearest.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;

fs::path program_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : self.parent_path();
}

std::vector<fs::path> model_folders() {
  const fs::path here = program_folder();
  return pellucid::model_folders({(here / "../share/pellucid/models").lexically_normal(),
                                  (here / "../../share/pellucid/models").lexically_normal(),  // from libexec/pellucid
                                  (here / "../../models").lexically_normal()});  // build/<preset> of a source tree
}

std::vector<std::string> model_names() { return pellucid::model_names(model_folders()); }

fs::path find_model(const std::string& name) {
  if (const auto found = find_model_file(name, model_folders())) return *found;
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
  std::vector<std::byte> bytes;
  if (const auto wrong = read_model_file(path, bytes)) {
    throw Error(ExitCode::kModel, "{}: {}.", path.string(), *wrong);
  }
  return bytes;
}

std::unique_ptr<Model> load_model(const std::string& name) {
  auto model = load_any_model(name);
  if (model->file.arithmetic() != nn::Arithmetic::kFloat32) {
    throw Error(ExitCode::kModel,
                "{}: is an int8 model, which cannot be used here; name the float model it was made of.",
                model->path.string());
  }
  return model;
}

std::unique_ptr<Model> load_any_model(const std::string& name) {
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
