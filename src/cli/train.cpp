// The program behind `pellucid train`, `pellucid-train RECIPE`, and behind `pellucid adapt`, `average` and `prune`
// (`pellucid-train prune MODEL`): apart from `pellucid`, so that only training loads LibTorch.
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/edge.hpp"
#include "cli/exit_codes.hpp"
#include "cli/train_commands.hpp"
#include "support/error.hpp"
#include "training/trainer.hpp"

std::optional<int> pellucid::cli::parse(CLI::App& app, int argc, char** argv) {
  app.footer(kExitCodes);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    throw Error(ExitCode::kUsage, "{}; see '{} --help'.", error.what(), app.get_name());
  }
  return std::nullopt;
}

namespace {

int run(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "adapt") return pellucid::cli::run_adapt(argc - 1, argv + 1);
  if (command == "average") return pellucid::cli::run_average(argc - 1, argv + 1);
  if (command == "prune") return pellucid::cli::run_prune(argc - 1, argv + 1);
  CLI::App app{"Trains a network by a recipe (TOML) on a corpus of `pellucid prepare`.", "pellucid train"};
  std::string recipe_path, corpus, output, device;
  std::vector<std::string> settings;
  bool resume = false, json = false;
  app.add_option("RECIPE", recipe_path, "The recipe, for example recipes/small.toml")->required();
  app.add_option("--set", settings, "key=value in place of the recipe's, for example --set train.steps=1000")
      ->allow_extra_args(false);
  app.add_option("--corpus", corpus, "Folder of `pellucid prepare` (train.corpus)");
  app.add_option("-o,--out", output, "Folder for checkpoints, curves and the model (train.output)");
  app.add_option("--device", device, "cpu or cuda (train.device)");
  app.add_flag("--resume", resume, "Go on from the last checkpoint in the output folder");
  app.add_flag("--json", json, "Progress as JSON lines, the result on standard output");
  if (const auto code = pellucid::cli::parse(app, argc, argv)) return *code;
  if (!corpus.empty()) settings.push_back(pellucid::training::Recipe::setting("train.corpus", corpus));
  if (!output.empty()) settings.push_back(pellucid::training::Recipe::setting("train.output", output));
  if (!device.empty()) settings.push_back(pellucid::training::Recipe::setting("train.device", device));
  const auto recipe = pellucid::training::Recipe::load(recipe_path, settings);
  pellucid::training::ProcessGroup group(pellucid::training::process_place(std::getenv));
  const auto result = pellucid::training::train(
      recipe, resume, json ? pellucid::ProgressStyle::kJson : pellucid::ProgressStyle::kAuto, group);
  if (result.model.empty()) return 0;  // process 0 has it and says so
  if (json)
    fmt::print(
        "{{\"steps\": {}, \"hours_of_audio\": {:.3f}, \"best_step\": {}, \"valid_si_sdr_db\": {:.3f}, "
        "\"valid_stoi\": {:.4f}, \"model\": {}}}\n",
        result.steps, result.hours_of_audio, result.best_step, result.si_sdr_db, result.stoi,
        pellucid::json_string(result.model.string()));
  else
    fmt::print("{}: {} steps, {:.1f} hours of mixtures; the best, step {}: validation SI-SDR {:.2f} dB, STOI {:.4f}\n",
               result.model.string(), result.steps, result.hours_of_audio, result.best_step, result.si_sdr_db,
               result.stoi);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // A step takes and frees the same few hundred tensors of megabytes: keep them in the heap, or every one is mapped,
  // cleared and unmapped by the kernel again.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
  mallopt(M_TOP_PAD, 256 << 20);
  return pellucid::cli::guard([&] { return run(argc, argv); }, "try a smaller train.batch");
}
