// `pellucid export MODEL --onnx FILE`: a model in the form of other runtimes.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "onnx/network_graph.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

struct Options {
  std::string model, onnx, licence;
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
  command->add_option("MODEL", options->model, "A model's name or file")->required();
  command
      ->add_option("--onnx", options->onnx,
                   "Write the network as an ONNX graph of one frame (opset 13), its states as inputs and outputs")
      ->required()
      ->type_name("FILE.onnx");
  command->add_option("--licence", options->licence, "The licence to name in the file; as the model says by default")
      ->type_name("TEXT");
  command->add_flag("--force", options->force, "Replace a file that is there");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
