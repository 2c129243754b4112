// `pellucid bench [MODEL…]`: how fast models run on this machine.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench_model.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::vector<std::string> models;
  std::string kernels;
  double seconds = 5;
  bool json = false;
};

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  while (const nn::Kernels* kernels = nn::kernels_at(names.size())) names.push_back(kernels->name);
  return names;
}

const nn::Kernels& chosen_kernels(const std::string& name) {
  if (name.empty()) return nn::best_kernels();
  const nn::Kernels* kernels = nn::kernels_named(name.c_str());
  if (kernels == nullptr) {
    throw Error(ExitCode::kUsage, "This processor runs no kernels named '{}'; it runs {}.", name,
                fmt::join(kernel_names(), ", "));
  }
  return *kernels;
}

ordered_json as_json(const BenchResult& result) {
  ordered_json json;
  json["model"] = result.model;
  json["kernels"] = result.kernels;
  json["sample_rate_hz"] = result.sample_rate_hz;
  json["hop_ms"] = result.hop_ms;
  json["load_ms"] = result.load_ms;
  json["realtime_factor"] = result.realtime_factor;
  json["multiply_adds_per_s"] = std::round(result.multiply_adds_per_s);
  json["peak_multiply_adds_per_s"] = std::round(result.peak_multiply_adds_per_s);
  json["peak_share"] = result.peak_share();
  json["frame_us"] = {{"p50", result.frame_us.p50},
                      {"p99", result.frame_us.p99},
                      {"p999", result.frame_us.p999},
                      {"worst", result.frame_us.worst}};
  json["frames"] = result.frame_us.count;
  return json;
}

void print_table(const std::vector<BenchResult>& results) {
  fmt::print("{:<16} {:<9} {:>11} {:>9} {:>8}   {}\n", "model", "kernels", "x real time", "of peak", "load",
             "a frame in real time: median / 99 % / 99.9 % / worst");
  for (const BenchResult& r : results) {
    fmt::print("{:<16} {:<9} {:>11.0f} {:>7.1f} % {:>5.2f} ms   {:.0f} / {:.0f} / {:.0f} / {:.0f} us of {:g} ms\n",
               r.model, r.kernels, r.realtime_factor, 100 * r.peak_share(), r.load_ms, r.frame_us.p50, r.frame_us.p99,
               r.frame_us.p999, r.frame_us.worst, r.hop_ms);
  }
  fmt::print(
      "One core, one channel; processor time but for the frames in real time. The peak of this core: {:.1f} G "
      "multiply-adds a second.\n",
      1e-9 * results.front().peak_multiply_adds_per_s);
}

void run(const Options& options) {
  const BenchOptions bench{&chosen_kernels(options.kernels), options.seconds};
  const std::vector<std::string> names = options.models.empty() ? model_names() : options.models;
  if (names.empty()) find_model(kDefaultModel);  // says where models are looked for
  std::vector<std::pair<std::string, std::filesystem::path>> models;
  for (const std::string& name : names) models.emplace_back(name, find_model(name));
  std::vector<BenchResult> results;
  for (const auto& [name, path] : models) results.push_back(bench_model(name, path, bench));
  if (!options.json) return print_table(results);
  ordered_json json = {{"models", ordered_json::array()}};
  for (const BenchResult& result : results) json["models"].push_back(as_json(result));
  fmt::print("{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

void add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure how fast models run on one core of this machine");
  command->add_option("MODEL", options->models, "Models' names or files; every shipped model when there is none")
      ->type_name("MODEL");
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--seconds", options->seconds, "How long the stream in real time plays for each model")
      ->check(number_in(0.1, 86400.0))
      ->capture_default_str();
  command->add_option("--kernels", options->kernels, "Instruction set to use (default: the last)")
      ->type_name(fmt::format("{{{}}}", fmt::join(kernel_names(), ",")));
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
