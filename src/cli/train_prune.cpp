// `pellucid prune MODEL --speed 2 -o OUT`: a trained model with fewer channels, GRU units and bands, or fewer blocks.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/bench_model.hpp"
#include "cli/checks.hpp"
#include "cli/models.hpp"
#include "cli/train_commands.hpp"
#include "support/error.hpp"
#include "training/prune.hpp"

namespace pellucid::cli {
namespace {

using nlohmann::ordered_json;
using training::Standing;

ordered_json describe(const Standing& standing) {
  const BenchResult bench = bench_model("", standing.model, {&nn::best_kernels(), 5, false});
  const nn::Architecture& a = standing.architecture;
  return {{"model", standing.model.string()},
          {"bytes", standing.bytes},
          {"parameters", standing.parameters},
          {"multiply_adds_per_s", double(standing.multiply_adds) * a.sample_rate_hz / a.hop_samples},
          {"state_bytes", nn::state_floats(a) * sizeof(float)},
          {"realtime_factor", bench.realtime_factor},
          {"valid_loss", standing.scores.loss},
          {"valid_si_sdr_db", standing.scores.si_sdr_db},
          {"valid_stoi", standing.scores.stoi}};
}

void print_table(const ordered_json& before, const ordered_json& after) {
  fmt::print("{:<34}{:>12}{:>12}\n", "", "before", "after");
  const auto row = [&](const char* title, const char* key, double unit, int digits) {
    fmt::print("{:<34}{:>12.{}f}{:>12.{}f}\n", title, before[key].get<double>() / unit, digits,
               after[key].get<double>() / unit, digits);
  };
  row("file, kB", "bytes", 1e3, 1);
  row("parameters", "parameters", 1, 0);
  row("multiply-adds, M/s", "multiply_adds_per_s", 1e6, 2);
  row("state, kB", "state_bytes", 1e3, 2);
  row("speed on one core, x real time", "realtime_factor", 1, 0);
  row("validation: loss", "valid_loss", 1, 4);
  row("validation: SI-SDR, dB", "valid_si_sdr_db", 1, 2);
  row("validation: STOI", "valid_stoi", 1, 4);
}

}  // namespace

int run_prune(int argc, char** argv) {
  CLI::App app{
      "Cuts channels, GRU units and bands, or blocks of weights, out of a trained model, by measured importance, and "
      "trains it between the cuts.",
      "pellucid prune"};
  training::PruneOptions options;
  std::string model, corpus, blocks;
  bool json = false, structured = false;
  app.add_option("MODEL", model, "A float model's name or file")->required();
  app.add_option("-o,--out", options.out, "The smaller model")->required()->type_name("FILE.safetensors");
  app.add_option("--speed", options.speed, "How many times fewer multiply-adds a frame is to cost")
      ->check(number_in(1.0001, 1000.0))
      ->capture_default_str();
  auto* units = app.add_flag("--structured", structured, "Cut whole channels, GRU units and bands, as without it");
  app.add_option(
         "--blocks", blocks,
         "Cut blocks of so many outputs by inputs out of the layers' weights instead, 8x4 or 16x4; the file keeps "
         "those that are left")
      ->check(CLI::IsMember({"8x4", "16x4"}))
      ->type_name("OUTxIN")
      ->excludes(units);
  app.add_option("--corpus", corpus, "Folder of `pellucid prepare` to measure, train and validate on (train.corpus)")
      ->type_name("DIR");
  app.add_option("--steps", options.steps, "Steps of training over all cuts, half of them behind the last; 0: none")
      ->check(number_in(0, 100000000))
      ->capture_default_str();
  app.add_option("--cuts", options.cuts, "How many times to cut")->check(number_in(1, 100))->capture_default_str();
  const std::map<std::string, training::ImportanceKind> kinds{{"ablation", training::ImportanceKind::kAblation},
                                                              {"taylor", training::ImportanceKind::kTaylor}};
  std::string kind = "taylor";
  app.add_option("--importance", kind, "taylor: by gradients; ablation: the loss without the unit")
      ->check(CLI::IsMember({"ablation", "taylor"}))
      ->capture_default_str();
  app.add_option("--multiple", options.multiple,
                 "Channels, width and GRU units stay a multiple of it: 8 suits the vectors of PCs, 4 or 1 a chip")
      ->check(number_in(1, 64))
      ->capture_default_str();
  app.add_option("--pairs", options.pairs, "Mixtures to measure importance on")
      ->check(number_in(1, 100000))
      ->capture_default_str();
  app.add_option("--set", options.settings, "key=value in place of the recipe's that the model was trained by")
      ->allow_extra_args(false);
  app.add_flag("--resume", options.resume, "Go on with what was stopped");
  app.add_flag("--force", options.force, "Replace a file that is there");
  app.add_flag("--json", json, "Progress as JSON lines, the result on standard output");
  if (const auto code = parse(app, argc, argv)) return *code;
  if (!blocks.empty()) options.block_outputs = blocks == "16x4" ? 16 : 8;
  options.model = find_model(model);
  options.importance = kinds.at(kind);
  if (!corpus.empty()) options.settings.push_back(training::Recipe::setting("train.corpus", corpus));
  options.progress = json ? ProgressStyle::kJson : ProgressStyle::kAuto;
  const training::Pruned pruned = training::prune(options);
  const ordered_json before = describe(pruned.before), after = describe(pruned.after);
  if (json)
    fmt::print("{}\n", ordered_json{{"before", before}, {"after", after}}.dump());
  else
    print_table(before, after);
  return 0;
}

}  // namespace pellucid::cli
