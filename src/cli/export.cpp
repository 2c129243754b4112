// `pellucid export MODEL --onnx FILE` and `--target CHIP -o DIR`: a model in the form of other runtimes, and as a
// component of a firmware.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/export_component.hpp"
#include "cli/export_target.hpp"
#include "cli/models.hpp"
#include "onnx/network_graph.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

struct Options {
  std::string model, onnx, licence, target, folder;
  bool force = false;
};

std::string to_onnx(const Model& model, const std::string& licence) {
  onnx::Metadata metadata;
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) metadata.emplace_back(key, value);
  };
  add("name", metadata_text(model.file, "name"));
  add("source_checksum", metadata_text(model.file, "checksum"));
  add("licence", licence.empty() ? metadata_text(model.file, "licence") : licence);
  return onnx::network_to_onnx(model.file, PELLUCID_VERSION, metadata);
}

void run(const Options& options) {
  if (!options.target.empty()) {
    return export_component(*load_any_model(options.model), options.target, options.folder, options.force);
  }
  const std::unique_ptr<Model> model = load_model(options.model);
  AtomicFile out(options.onnx, options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  out.write(to_onnx(*model, options.licence));
  out.commit();
  fmt::print("{}\n", options.onnx);
}

}  // namespace

void add_export(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("export", "Write a model in the form of other runtimes");
  command->add_option("MODEL", options->model, "A model's name or file")->type_name("MODEL")->required();
  CLI::Option* onnx =
      command
          ->add_option("--onnx", options->onnx,
                       "Write the network as an ONNX graph of one frame (opset 13), its states as inputs and outputs")
          ->type_name("FILE.onnx")
          ->check(ends_in(".onnx"));
  std::string names;
  for (const ChipTarget& target : chip_targets()) names += fmt::format("{}{}", names.empty() ? "" : ",", target.name);
  CLI::Option* target =
      command->add_option("--target", options->target, "Write an int8 model as a component for a chip")
          ->type_name("{" + names + "}")
          ->excludes(onnx);
  CLI::Option* folder =
      command->add_option("-o,--output", options->folder, "The component's folder")->type_name("DIR")->needs(target);
  target->needs(folder);
  command
      ->add_option("--licence", options->licence, "The licence to name in the ONNX file; as the model says by default")
      ->type_name("TEXT")
      ->excludes(target);
  command->add_flag("--force", options->force, "Replace a file or a component that is there");
  command->callback([options] {
    if (options->onnx.empty() && options->target.empty()) {
      throw Error(ExitCode::kUsage, "export: expected --onnx FILE.onnx, or --target CHIP with -o DIR.");
    }
    run(*options);
  });
}

}  // namespace pellucid::cli
