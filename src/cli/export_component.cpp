#include "cli/export_component.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "cli/embedded_files.hpp"
#include "cli/export_model_source.hpp"
#include "cli/export_target.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMark = "src/pellucid_chip_model.hpp";  // what a component has and no other folder

using Files = std::map<std::string, std::string>;  // path inside the component -> text

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Folders of embedded/forms that a target's component has, and the prefix their files get.
bool form_belongs(std::string_view form, ChipFamily family) {
  if (form == "idf") return family == ChipFamily::kEspressif;
  if (form == "cmsis") return family == ChipFamily::kArm;
  return true;
}

/// The lines of a form that are for the target's family alone, which have its mark in front, and all without a mark.
std::string own_lines(const std::string& text, ChipFamily family) {
  struct Mark {
    std::string_view text;
    ChipFamily family;
  };
  constexpr Mark kMarks[] = {
      {"@ESPRESSIF@", ChipFamily::kEspressif}, {"@ARM@", ChipFamily::kArm}, {"@ANY@", ChipFamily::kAny}};
  std::string own;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    std::string_view line(text.data() + at, end - at);
    at = end;
    const auto* mark =
        std::find_if(std::begin(kMarks), std::end(kMarks), [&](const Mark& m) { return line.starts_with(m.text); });
    if (mark != std::end(kMarks)) {
      if (mark->family != family) continue;
      line.remove_prefix(mark->text.size());
    }
    own += line;
  }
  return own;
}

/// Where a file of the project goes in the component; empty for nowhere.
std::string place_of(std::string_view path, const ChipTarget& target) {
  constexpr std::string_view kForms = "embedded/forms/", kOwn = "embedded/component/", kKernels = "embedded/kernels/",
                             kMultiply = "src/nn/integer_multiply.cpp";
  const auto& used = target.kernel_files;
  const bool wanted = std::any_of(used.begin(), used.end(), [&](const char* f) { return f != nullptr && path == f; });
  if (path == kMultiply) return wanted ? std::string(path) : std::string();
  if (path.starts_with(kKernels)) {
    return wanted ? fmt::format("src/kernels/{}", path.substr(kKernels.size())) : std::string();
  }
  if (path.starts_with(kForms)) {
    const std::string_view rest = path.substr(kForms.size());
    const std::size_t slash = rest.find('/');
    return form_belongs(rest.substr(0, slash), target.family) ? std::string(rest.substr(slash + 1)) : std::string();
  }
  if (path.starts_with(kOwn)) return fmt::format("src/{}", path.substr(kOwn.size()));
  return std::string(path);
}

/// A name that C, CMake and file systems take.
std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name) plain += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return plain.empty() ? "model" : plain;
}

bool compiles(const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  return path.starts_with("src/") && (extension == ".cpp" || extension == ".S");
}

std::string numbers_header(const nn::ModelFile& file, const ChipTarget& target, const ChipCost& cost) {
  const nn::Architecture& a = file.architecture();
  return fmt::format(
      "/* Made by pellucid export: the model's numbers. */\n"
      "#ifndef PELLUCID_CHIP_MODEL_H\n#define PELLUCID_CHIP_MODEL_H\n\n"
      "#define PELLUCID_CHIP_MODEL \"{}\"\n"
      "#define PELLUCID_CHIP_TARGET \"{}\"\n"
      "#define PELLUCID_CHIP_SAMPLE_RATE_HZ {}\n"
      "#define PELLUCID_CHIP_HOP_SAMPLES {}\n"
      "#define PELLUCID_CHIP_MODEL_STATE_BYTES {}\n"
      "#define PELLUCID_CHIP_MODEL_SCRATCH_BYTES {}\n\n"
      "#endif /* PELLUCID_CHIP_MODEL_H */\n",
      plain_name(a.name), target.name, a.sample_rate_hz, a.hop_samples, cost.state_bytes - kObjectBytes,
      cost.scratch_bytes);
}

/// What @NAME@ stands for in the forms.
Files values(const Files& files, const Model& model, const ChipTarget& target, const fs::path& folder) {
  std::string sources, pack_files, in_iram;
  for (const auto& [path, text] : files) {
    if (!path.starts_with("src/")) continue;
    const bool compiled = compiles(path);
    if (compiled) sources += fmt::format("{}\"{}\"", sources.empty() ? "" : "\n    ", path);
    if (compiled && (path.starts_with("src/kernels/") || path == "src/nn/integer_multiply.cpp")) {
      in_iram +=
          fmt::format("{}{} (noflash_text)", in_iram.empty() ? "" : "\n        ", fs::path(path).stem().string());
    }
    pack_files += fmt::format("        <file category=\"{}\" name=\"{}\"/>\n",
                              !compiled                                     ? "header"
                              : path.compare(path.size() - 2, 2, ".S") == 0 ? "sourceAsm"
                                                                            : "sourceCpp",
                              path);
  }
  return {{"@SOURCES@", sources},
          {"@PACK_FILES@", pack_files},
          {"@VERSION@", PELLUCID_VERSION},
          {"@MODEL@", plain_name(model.file.architecture().name)},
          {"@TARGET@", target.name},
          {"@TITLE@", target.title},
          {"@IRAM_OBJECTS@", in_iram},
          {"@MHZ@", target.megahertz},
          {"@ARCHITECTURES@", target.family == ChipFamily::kEspressif ? "esp32" : "*"},
          {"@DCORE@", target.core},
          {"@COMPONENT@", plain_name(folder.filename().string())}};
}

Files component_files(const Model& model, const ChipTarget& target, const ChipCost& cost, const fs::path& folder) {
  Files files;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string place = place_of(file.path, target);
    if (!place.empty()) files.emplace(place, file.text);
  }
  files["src/pellucid_chip_model.h"] = numbers_header(model.file, target, cost);
  files[kMark] = model_header(model.file, target);
  files["src/pellucid_chip_model.cpp"] = model_source(model.file, target.order);
  const Files replaced = values(files, model, target, folder);
  for (auto& [path, text] : files) {
    if (path.starts_with("src/")) continue;
    text = own_lines(text, target.family);
    for (const auto& [name, value] : replaced) replace_all(text, name, value);
  }
  return files;
}

/// The int8 models of the model folders that a target takes, for a sentence.
std::string models_that_fit(const ChipTarget& target) {
  std::string names;
  for (const std::string& name : model_names()) {
    try {
      const std::unique_ptr<Model> model = load_any_model(name);
      if (model->file.arithmetic() != nn::Arithmetic::kInt8) continue;
      if (!does_not_fit(chip_cost(model->file, target.order), target).empty()) continue;
    } catch (const Error&) {
      continue;  // it is not what was asked for
    }
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  }
  return names.empty() ? "of the models that are installed none does" : fmt::format("{} would fit", names);
}

void check_fit(const Model& model, const ChipTarget& target, const ChipCost& cost) {
  const std::string problem = does_not_fit(cost, target);
  if (problem.empty()) return;
  std::string others;
  for (const ChipTarget& other : chip_targets()) {
    if (other.limits == nullptr || !does_not_fit(chip_cost(model.file, other.order), other).empty()) continue;
    others += fmt::format("{}{}", others.empty() ? "" : ", ", other.name);
  }
  throw Error(
      ExitCode::kModel, "{}: it does not fit {}: {}; {}{}.", model.path.string(), target.title, problem,
      models_that_fit(target),
      others.empty() ? ", and no chip that is known takes this one" : fmt::format(", or take this one for {}", others));
}

void write_all(const Files& files, const fs::path& folder) {
  for (const auto& [path, text] : files) {
    std::error_code error;
    fs::create_directories((folder / path).parent_path(), error);
    if (error) {
      throw Error(ExitCode::kOutput, "{}: its folder cannot be made ({}).", (folder / path).string(), error.message());
    }
    write_file(folder / path, text);
  }
}

}  // namespace

void export_component(const Model& model, const std::string& target_name, const fs::path& wanted, bool force) {
  const ChipTarget& target = chip_target(target_name);
  if (model.file.arithmetic() != nn::Arithmetic::kInt8) {
    throw Error(ExitCode::kModel,
                "{}: it computes in float32, and a component for a chip is made of an int8 model; run `pellucid "
                "quantize` on it first.",
                model.path.string());
  }
  const ChipCost cost = chip_cost(model.file, target.order);
  check_fit(model, target, cost);

  fs::path folder = fs::absolute(wanted).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const Files files = component_files(model, target, cost, folder);
  std::error_code error;
  const bool exists = fs::exists(folder, error);
  if (error) throw Error(ExitCode::kOutput, "{}: it cannot be written ({}).", wanted.string(), error.message());
  if (exists && !(force && fs::exists(folder / kMark, error))) {
    throw Error(ExitCode::kOutput, "{}: it exists already{}.", wanted.string(),
                force ? " and is no component, so that --force does not replace it; name another folder"
                      : "; name another folder, or replace it with --force");
  }
  fs::create_directories(folder.parent_path(), error);
  const fs::path beside = folder.parent_path() / fmt::format(".{}.{}.tmp", folder.filename().string(), ::getpid());
  try {
    write_all(files, beside);
    if (fs::exists(folder)) fs::remove_all(folder);
    fs::rename(beside, folder);
  } catch (const fs::filesystem_error& problem) {
    fs::remove_all(beside, error);
    throw Error(ExitCode::kOutput, "{}: it cannot be written ({}).", wanted.string(), problem.code().message());
  } catch (...) {
    fs::remove_all(beside, error);
    throw;
  }
  fmt::print("{}: {} for {}, {:.1f} kB of model, {:.1f} kB of state, {:.1f} kB of scratch, {:.1f} M multiply-adds/s\n",
             wanted.string(), model.file.architecture().name, target.title,
             static_cast<double>(cost.flash_bytes - kCodeBytes) / 1e3, static_cast<double>(cost.state_bytes) / 1e3,
             static_cast<double>(cost.scratch_bytes) / 1e3, static_cast<double>(cost.multiply_adds_per_second) / 1e6);
}

}  // namespace pellucid::cli
