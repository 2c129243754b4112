// `pellucid average A B -o OUT`: the mean of the weights of several models.
#include <fmt/format.h>

#include "cli/checks.hpp"
#include "cli/models.hpp"
#include "cli/train_commands.hpp"
#include "training/average.hpp"

namespace pellucid::cli {

int run_average(int argc, char** argv) {
  CLI::App app{
      "Writes the model whose weights are the mean of those of several: of runs that began at the same weights, it is "
      "often better than each.",
      "pellucid average"};
  training::AverageOptions options;
  std::vector<std::string> models;
  app.add_option("MODELS", models, "Names or files of two or more float models of one architecture")
      ->required()
      ->expected(-2);
  app.add_option("-o,--out", options.out, "The mean")->required()->type_name("FILE.safetensors");
  app.add_option("--shares", options.shares, "How much of each, as 0.25,0.75; without it, the same of all")
      ->delimiter(',')
      ->allow_extra_args(false)  // or it takes the models behind it for more shares
      ->check(number_in(1e-6, 1.0));
  app.add_flag("--force", options.force, "Replace a file that is there");
  if (const auto code = parse(app, argc, argv)) return *code;
  for (const std::string& model : models) options.models.push_back(find_model(model));
  training::write_average(options);
  fmt::print("{}: the mean of {} models\n", options.out.string(), models.size());
  return 0;
}

}  // namespace pellucid::cli
