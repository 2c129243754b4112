// `pellucid distill --teacher LARGE --student RECIPE`: `pellucid train` with a teacher.
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "training/recipe.hpp"

namespace pellucid::cli {
namespace {

struct Options {
  std::string teacher, student, corpus, out, device;
  std::vector<std::string> settings;
  bool resume = false, json = false;
};

void run(const Options& options) {
  const std::unique_ptr<Model> teacher = load_model(options.teacher);
  std::vector<std::string> arguments{"train", options.student, "--set",
                                     training::Recipe::setting("distill.teacher", teacher->path.string())};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {option, value});
  };
  for (const std::string& setting : options.settings) add("--set", setting);
  add("--corpus", options.corpus);
  add("--out", options.out);
  add("--device", options.device);
  if (options.resume) arguments.emplace_back("--resume");
  if (options.json) arguments.emplace_back("--json");
  exec_train(arguments);
}

}  // namespace

void add_distill(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("distill", "Train a small network with a large model as its teacher");
  command->add_option("--teacher", options->teacher, "A float model's name or file")->required()->type_name("MODEL");
  command->add_option("--student", options->student, "The recipe of the network to train")
      ->required()
      ->type_name("RECIPE");
  command
      ->add_option("--set", options->settings,
                   "key=value in place of the recipe's, for example --set distill.feature_weight=0")
      ->allow_extra_args(false);
  command->add_option("--corpus", options->corpus, "Folder of `pellucid prepare` (train.corpus)")->type_name("DIR");
  command->add_option("-o,--out", options->out, "Folder for checkpoints, curves and the model (train.output)")
      ->type_name("DIR");
  command->add_option("--device", options->device, "cpu or cuda (train.device)");
  command->add_flag("--resume", options->resume, "Go on from the last checkpoint in the output folder");
  command->add_flag("--json", options->json, "Progress as JSON lines, the result on standard output");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
