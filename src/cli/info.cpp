// `pellucid info MODEL`: what a model is, what it costs and where it comes from.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "dsp/arena.hpp"
#include "engine/denoiser.hpp"
#include "nn/blocks.hpp"
#include "nn/model_file.hpp"
#include "support/parse_json.hpp"

namespace pellucid::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model;
  bool json = false;
};

std::size_t memory_bytes(const nn::ModelFile& file) {
  dsp::Arena measure;
  engine::Denoiser sizes;
  sizes.init(file, {file.architecture().sample_rate_hz, 1}, measure);
  return measure.bytes();
}

/// Of the weights that may be in blocks: how many there are, and how many there would be in a whole model.
ordered_json describe_blocks(const nn::ModelFile& file) {
  std::uint64_t kept = 0, all = 0;
  nn::TensorSpec spec;
  nn::BlockGrid grid;
  for (std::uint32_t i = 0; nn::tensor_spec(file.architecture(), i, &spec); ++i) {
    if (!grid.of(spec)) continue;
    const std::uint8_t* map = file.kept(i);
    all += grid.count();
    kept += map != nullptr ? nn::blocks_before(map, grid.count()) : grid.count();
  }
  return {{"blocks", "8x4"}, {"kept", kept}, {"of", all}};
}

double number(const ordered_json& object, const char* key) {
  return object.contains(key) && object[key].is_number() ? object[key].get<double>() : 0;
}

/// A training's runs together with those of the models that it began from or that it is the mean of, each once. Runs
/// that follow each other differ, whatever their figures; of a mean's members those of equal figures are one run.
ordered_json sum_runs(const ordered_json& training) {
  using Figures = std::array<double, 4>;
  std::map<Figures, std::size_t> on_path, most;  // how often, up to where we are and on any path
  struct Place {
    const ordered_json* run;
    bool is_left;
  };
  std::vector<Place> ahead = {{&training, false}};
  while (!ahead.empty()) {
    const auto [at, is_left] = ahead.back();
    ahead.pop_back();
    if (!at->is_object()) continue;
    const ordered_json& run = *at;
    const Figures figures{number(run, "seed"), number(run, "step"), number(run, "hours_of_audio"),
                          number(run, "cpu_hours")};
    if (is_left) {
      --on_path[figures];
      continue;
    }
    // The last run of a mean is one of its members.
    if (run.contains("averaged"))
      for (const ordered_json& one : run["averaged"]) ahead.push_back({&one, false});
    if (number(run, "step") > 0) {
      std::size_t& known = most[figures];
      known = std::max(known, ++on_path[figures]);
      ahead.push_back({at, true});
    }
    if (run.contains("start")) ahead.push_back({&run["start"], false});
  }
  std::size_t runs = 0;
  double hours = 0, cpu_hours = 0;
  for (const auto& [figures, times] : most) {
    runs += times;
    hours += static_cast<double>(times) * figures[2];
    cpu_hours += static_cast<double>(times) * figures[3];
  }
  return {{"runs", runs}, {"hours_of_audio", hours}, {"cpu_hours", cpu_hours}};
}

ordered_json describe(const std::filesystem::path& path, std::size_t bytes, const nn::ModelFile& file) {
  const nn::Architecture& a = file.architecture();
  const bool integer = file.arithmetic() == nn::Arithmetic::kInt8;
  const double frames_per_s = static_cast<double>(a.sample_rate_hz) / a.hop_samples;
  const std::uint64_t multiply_adds = nn::multiply_adds_per_frame(file);

  ordered_json shape;
  for (std::uint32_t i = 0; const nn::ChoiceField* choice = nn::choice_field(i); ++i) {
    shape[choice->key] = choice->name(a);
  }
  shape["compression"] = a.compression;
  const std::set<std::string> framing = {"sample_rate_hz", "window_samples", "hop_samples"};  // told apart
  for (std::uint32_t i = 0; const nn::NumberField* number = nn::number_field(i); ++i) {
    if (number->used(a) && framing.count(number->key) == 0) shape[number->key] = a.*number->value;
  }

  ordered_json info;
  info["file"] = path.string();
  info["bytes"] = bytes;
  info["name"] = metadata_text(file, "name");
  info["sample_rate_hz"] = a.sample_rate_hz;
  info["window_samples"] = a.window_samples;
  info["hop_samples"] = a.hop_samples;
  info["arithmetic"] = integer ? "int8" : "float32";
  if (!integer) info["weights"] = file.any_half() ? "float16" : "float32";
  info["architecture"] = shape;
  if (file.sparse()) info["sparsity"] = describe_blocks(file);
  info["parameters"] = nn::parameter_count(file);
  info["multiply_adds_per_frame"] = multiply_adds;
  info["multiply_adds_per_s"] = static_cast<double>(multiply_adds) * frames_per_s;
  info["state_bytes"] = nn::state_floats(a) * (integer ? sizeof(std::int16_t) : sizeof(float));
  info["memory_bytes"] = memory_bytes(file);
  info["latency_samples"] = a.window_samples - 1;
  info["kernels"] = integer ? nn::best_integer_kernels().name : nn::best_kernels().name;
  info["checksum"] = metadata_text(file, "checksum");
  const std::string training = metadata_text(file, "training");
  const auto provenance = parse_json<ordered_json>(training);
  info["training"] = provenance.is_discarded() ? ordered_json(training) : provenance;
  if (ordered_json runs = sum_runs(provenance); runs["runs"] > 0) info["training_runs"] = std::move(runs);
  const std::string quantization = metadata_text(file, "quantization");
  const auto quantized = parse_json<ordered_json>(quantization);
  if (!quantization.empty()) info["quantization"] = quantized.is_discarded() ? ordered_json(quantization) : quantized;
  return info;
}

std::string value_text(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void line(const std::string& key, const std::string& value) { fmt::print("{:<18} {}\n", key, value); }

/// What a trained model tells of its training, for people; the recipe last, since it is long.
void print_training(const ordered_json& training, const ordered_json& runs) {
  line("training",
       fmt::format("{:.1f} hours of mixtures in {} run{}, {:.1f} hours of processor time; the last of {} "
                   "steps, seed {}",
                   number(runs, "hours_of_audio"), runs["runs"].get<std::size_t>(), runs["runs"] == 1 ? "" : "s",
                   number(runs, "cpu_hours"), number(training, "step"), number(training, "seed")));
  if (training.contains("averaged") && training["averaged"].is_array()) {
    std::string shares;
    for (const ordered_json& one : training["averaged"])
      shares += fmt::format("{}{:g} of {} (seed {})", shares.empty() ? "" : ", ", number(one, "share"),
                            one.contains("name") ? value_text(one["name"]) : "?", number(one, "seed"));
    line("mean of", shares);
  }
  if (training.contains("valid_si_sdr_db"))
    line("validation", fmt::format("SI-SDR {:.2f} dB (noisy {:.2f}), STOI {:.3f} (noisy {:.3f}), noise alone {:.1f} dB",
                                   number(training, "valid_si_sdr_db"), number(training, "valid_noisy_si_sdr_db"),
                                   number(training, "valid_stoi"), number(training, "valid_noisy_stoi"),
                                   number(training, "valid_noise_alone_db")));
  const std::set<std::string> told = {"step",
                                      "hours_of_audio",
                                      "wall_hours",
                                      "cpu_hours",
                                      "seed",
                                      "averaged",
                                      "start",
                                      "valid_si_sdr_db",
                                      "valid_noisy_si_sdr_db",
                                      "valid_stoi",
                                      "valid_noisy_stoi",
                                      "valid_noise_alone_db",
                                      "recipe"};
  for (const auto& [key, value] : training.items())
    if (told.count(key) == 0) line("training " + key, value_text(value));
  if (training.contains("recipe")) fmt::print("\nRecipe of the last run:\n\n{}\n", value_text(training["recipe"]));
}

void print_text(const ordered_json& info) {
  const ordered_json& shape = info["architecture"];
  line("model", fmt::format("{} ({}, {:.1f} kB)", value_text(info["name"]), value_text(info["file"]),
                            info["bytes"].get<double>() / 1000));
  line("sound", fmt::format("{} Hz, window {} samples, hop {}, latency {} ({:.1f} ms); other rates 8000 to 384000 Hz",
                            info["sample_rate_hz"].get<int>(), info["window_samples"].get<int>(),
                            info["hop_samples"].get<int>(), info["latency_samples"].get<int>(),
                            1000.0 * info["latency_samples"].get<double>() / info["sample_rate_hz"].get<double>()));
  std::string numbers;
  for (const auto& [key, value] : shape.items()) {
    numbers += fmt::format("{}{} {}", numbers.empty() ? "" : ", ", key, value_text(value));
  }
  line("network", numbers);
  if (info.contains("sparsity")) {
    const auto kept = info["sparsity"]["kept"].get<double>(), all = info["sparsity"]["of"].get<double>();
    line("sparsity", fmt::format("{:.0f} of the layers' {:.0f} blocks of 8 outputs by 4 inputs, {:.0f} %", kept, all,
                                 100 * kept / all));
  }
  const std::string arithmetic = value_text(info["arithmetic"]);
  line("parameters", fmt::format("{}, {}{}", info["parameters"].get<std::uint64_t>(), arithmetic,
                                 info.value("weights", arithmetic) == arithmetic ? "" : ", in the file float16"));
  line("multiply-adds", fmt::format("{:.2f} M/s ({} a frame)", info["multiply_adds_per_s"].get<double>() / 1e6,
                                    info["multiply_adds_per_frame"].get<std::uint64_t>()));
  line("memory",
       fmt::format("{:.1f} kB for one channel, of which {:.1f} kB carry over from frame to frame in the network",
                   info["memory_bytes"].get<double>() / 1000, info["state_bytes"].get<double>() / 1000));
  line("checksum", value_text(info["checksum"]));
  if (info.contains("quantization") && info["quantization"].is_object()) {
    for (const auto& [key, value] : info["quantization"].items()) line("quantized " + key, value_text(value));
  }
  const ordered_json& training = info["training"];
  if (!training.is_object()) {
    line("training", value_text(training));
    return;
  }
  if (info.contains("training_runs")) return print_training(training, info["training_runs"]);
  for (const auto& [key, value] : training.items()) line("training " + key, value_text(value));
}

void run(const Options& options) {
  const std::unique_ptr<Model> model = load_any_model(options.model);
  const ordered_json info = describe(model->path, model->bytes.size(), model->file);
  if (options.json) {
    fmt::print("{}\n", info.dump(2, ' ', false, ordered_json::error_handler_t::replace));
  } else {
    print_text(info);
  }
}

}  // namespace

void add_info(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("info", "Tell what a model is, what it costs and where it comes from");
  command->add_option("MODEL", options->model, "A model's name or file")->type_name("MODEL")->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
