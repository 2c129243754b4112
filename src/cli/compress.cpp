// `pellucid compress MODEL --target T -o OUT`: prunes a trained model to what the target can run, with the model itself
// as the teacher of what is left, trains it with rounded weights and quantises it, or halves the bytes of its weights,
// and measures every step.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/eval_scores.hpp"
#include "cli/eval_sounds.hpp"
#include "cli/eval_work.hpp"
#include "cli/models.hpp"
#include "cli/quantize.hpp"
#include "corpus/corpus.hpp"
#include "corpus/mix_clips.hpp"
#include "corpus/mix_dataset.hpp"
#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/read_file.hpp"
#include "support/say.hpp"
#include "support/work_folder.hpp"
#include "training/provenance.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// What a model may cost there; docs/compression.md says why.
struct Target {
  const char* name;
  double multiply_adds_per_s;
  std::size_t file_bytes, state_bytes;
  bool integers;  ///< ends as an int8 model, not as a float16 one
};
constexpr Target kTargets[] = {{"esp32", 10e6, 100'000, 20'000, true},
                               {"cortex-m4", 10e6, 100'000, 20'000, true},
                               {"browser", 40e6, 250'000, 64'000, false}};

struct Options {
  std::string model, target, corpus, out;
  int steps = 16000, finetune = 2000, cuts = 4, pairs = 100;
  std::vector<std::string> settings;
  bool resume = false, force = false, json = false;
};

const Target& find_target(const std::string& name) {
  return *std::find_if(std::begin(kTargets), std::end(kTargets), [&](const Target& t) { return name == t.name; });
}

double multiply_adds_per_s(const nn::ModelFile& file) {
  const nn::Architecture& a = file.architecture();
  return static_cast<double>(nn::multiply_adds_per_frame(file)) * a.sample_rate_hz / a.hop_samples;
}

std::size_t state_bytes(const nn::ModelFile& file) {
  const bool integers = file.arithmetic() == nn::Arithmetic::kInt8;
  return nn::state_floats(file.architecture()) * (integers ? sizeof(std::int16_t) : sizeof(float));
}

std::uint32_t checksum(const Model& model) { return crc32(0, model.bytes.data(), model.bytes.size()); }

class Compressor {
 public:
  explicit Compressor(const Options& options)
      : options_(options),
        target_(find_target(options.target)),
        original_(load_model(options.model)),
        teacher_(teacher_checksum()),  // also where nothing is pruned: a wrong setting is told of at once
        work_(options.out + ".work", plan(true), "compression", options.resume, plan(false)) {}

  void run() {
    AtomicFile out(options_.out, options_.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
    (void)corpus::Corpus::open(options_.corpus);  // a wrong name leaves nothing behind
    work_.begin();
    make_pairs();
    measure_step("as it was", original_->path);
    const std::unique_ptr<Model> last = load_any_model(stored(pruned()).string());
    refuse_if_too_large(*last);
    out.write(last->bytes.data(), last->bytes.size());
    out.commit();
    work_.remove();
    if (options_.json) {
      fmt::print("{}\n", ordered_json{{"target", target_.name}, {"model", options_.out}, {"steps", steps_}}.dump(1));
    } else {
      print_table();
    }
  }

 private:
  /// Of the one that pruning will have, "none" without.
  std::string teacher_checksum() const {
    training::Recipe recipe = training::recipe_to_go_on(options_.model, metadata_text(original_->file, "training"),
                                                        original_->file.architecture());
    recipe.distill.teacher = original_->path.string();
    recipe.apply(options_.settings, training::kSetByPrune);
    const std::string& teacher = recipe.distill.teacher;
    return teacher.empty() ? "none" : fmt::format("{:08x}", checksum(*load_model(teacher)));
  }

  /// Versions before told nothing of the corpus and the teacher.
  std::string plan(bool with_inputs) const {
    const std::string settings = fmt::format("{}", fmt::join(options_.settings, ";"));
    ordered_json j = {{"model", checksum(*original_)}, {"target", target_.name}, {"steps", options_.steps},
                      {"finetune", options_.finetune}, {"cuts", options_.cuts},  {"pairs", options_.pairs},
                      {"settings", settings}};
    if (with_inputs) {
      j["corpus"] = corpus::index_checksum(options_.corpus);
      j["teacher"] = teacher_;
    }
    return j.dump(1) + "\n";
  }

  fs::path in_work(const char* name) const { return work_.path() / name; }

  /// Noisy speech of voices and noises that no training hears, for every step the same.
  void make_pairs() {
    const fs::path folder = in_work("pairs");
    if (!fs::exists(folder / "log.csv")) {
      const auto corpus = corpus::Corpus::open(options_.corpus);
      const corpus::CorpusClips clips(corpus);
      const corpus::Catalogue catalogue(clips, corpus::Split::kValid);
      corpus::DatasetOptions dataset;
      dataset.out = folder;
      dataset.count = static_cast<std::uint64_t>(options_.pairs);
      dataset.length_s = 5;
      dataset.snrs_db = {-5, 0, 5, 10, 15, 20};
      dataset.extension = "flac";
      dataset.seed = 0x636f6d7072657373;
      corpus::write_dataset(catalogue, dataset, {nullptr, nullptr, [] { return interrupted(); }});
    }
    pairs_ = match_files(folder / "clean", folder / "noisy", {}).pairs;
  }

  void measure_step(const char* what, const fs::path& path) {
    const std::unique_ptr<Model> model = load_any_model(path.string());
    const fs::path kept = in_work(fmt::format("scores-{:08x}.json", checksum(*model)).c_str());
    const std::optional<std::string> text = read_file_if_there(kept, ExitCode::kTraining);
    ordered_json scores = ordered_json::parse(text.value_or(""), nullptr, false);
    if (scores.is_discarded()) {
      scores = measure_model(model->bytes);
      write_file(kept, scores.dump(1) + "\n");
    }
    ordered_json step = {{"step", what},
                         {"bytes", model->bytes.size()},
                         {"multiply_adds_per_s", multiply_adds_per_s(model->file)},
                         {"state_bytes", state_bytes(model->file)}};
    step.update(scores);
    steps_.push_back(step);
  }

  ordered_json measure_model(const std::vector<std::byte>& model) const {
    std::vector<std::string> names;
    for (const EvalPair& pair : pairs_) names.push_back(pair.name);
    std::vector<EvalRow> rows(names.size());
    const std::vector<EvalProblem> problems = for_each_pair(
        names, {}, 0, [&](std::size_t i, Progress& progress) { rows[i] = measure_pair(pairs_[i], model, progress); });
    refuse_partial(problems, rows.size());
    const EvalGroup all = summarize_all(rows);
    ordered_json scores;
    for (const std::size_t m : {kPesq, kStoi, kSiSdr}) {
      scores[kMeasures[m].key] = all.after[m].mean;
      scores["noisy"][kMeasures[m].key] = all.before[m].mean;
    }
    return scores;
  }

  fs::path pruned() {
    const double speed = multiply_adds_per_s(original_->file) / target_.multiply_adds_per_s;
    if (speed <= 1) {
      if (!options_.settings.empty()) say("--set: nothing is pruned, so that it changes nothing\n");
      return original_->path;
    }
    const fs::path out = in_work("pruned.safetensors");
    if (!fs::exists(out)) {
      std::vector<std::string> arguments{
          "prune",      original_->path.string(),
          "--out",      out.string(),
          "--speed",    fmt::format("{:.6f}", speed),
          "--corpus",   options_.corpus,
          "--steps",    std::to_string(options_.steps),
          "--cuts",     std::to_string(options_.cuts),
          "--multiple", target_.integers ? "4" : "8",
          "--set",      training::Recipe::setting("distill.teacher", original_->path.string()),
          "--resume"};
      if (options_.json) arguments.emplace_back("--json");
      for (const std::string& setting : options_.settings) arguments.insert(arguments.end(), {"--set", setting});
      say("{} needs {:.2f} times fewer multiply-adds for {}\n", original_->path.string(), speed, target_.name);
      run_train(arguments);
    }
    measure_step("pruned, taught by itself", out);
    return out;
  }

  /// As integers, or with its weights in float16.
  fs::path stored(const fs::path& model) {
    const bool integers = target_.integers;
    const fs::path out = in_work(integers ? "int8.safetensors" : "float16.safetensors");
    if (!fs::exists(out)) {
      QuantizeOptions quantize;
      quantize.model = model.string();
      quantize.out = out.string();
      quantize.to = integers ? "int8" : "float16";
      quantize.calibrate = options_.corpus;
      quantize.finetune = integers ? options_.finetune : 0;
      quantize.resume = fs::exists(out.string() + ".work");
      quantize_model(quantize);
    }
    measure_step(!integers ? "float16" : options_.finetune > 0 ? "trained with rounded weights, int8" : "int8", out);
    return out;
  }

  void refuse_if_too_large(const Model& model) const {
    const auto expect = [&](const char* what, double found, double most) {
      if (found <= most) return;
      throw Error(ExitCode::kUsage,
                  "--target {}: cannot be met by {}: {} comes to {:.0f}, expected at most {:.0f}; begin with a smaller "
                  "model (what was made lies in {})",
                  target_.name, original_->path.string(), what, found, most, work_.path().string());
    };
    expect("multiply-adds a second", multiply_adds_per_s(model.file), target_.multiply_adds_per_s);
    expect("the file's bytes", static_cast<double>(model.bytes.size()), static_cast<double>(target_.file_bytes));
    expect("the state's bytes", static_cast<double>(state_bytes(model.file)), static_cast<double>(target_.state_bytes));
  }

  void print_table() const {
    fmt::print("{:<36}{:>9}{:>8}{:>10}{:>7}{:>7}{:>11}\n", "", "kB", "M MAC/s", "state kB", "PESQ", "STOI",
               "SI-SDR dB");
    const auto row = [](const std::string& title, const std::string& cost, const ordered_json& scores) {
      fmt::print("{:<36}{:>27}{:>7.2f}{:>7.3f}{:>11.2f}\n", title, cost, scores["pesq_wb"].get<double>(),
                 scores["stoi"].get<double>(), scores["si_sdr_db"].get<double>());
    };
    row("noisy", "", steps_.front()["noisy"]);
    for (const ordered_json& step : steps_)
      row(step["step"],
          fmt::format("{:.1f}{:>8.2f}{:>10.2f}", step["bytes"].get<double>() / 1e3,
                      step["multiply_adds_per_s"].get<double>() / 1e6, step["state_bytes"].get<double>() / 1e3),
          step);
  }

  const Options& options_;
  const Target& target_;
  std::unique_ptr<Model> original_;
  std::string teacher_;
  WorkFolder work_;
  std::vector<EvalPair> pairs_;
  ordered_json steps_ = ordered_json::array();
};

}  // namespace

void add_compress(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compress", "Prune, teach and quantise a model until a target can run it, and measure every step");
  command->add_option("MODEL", options->model, "A float model's name or file")->type_name("MODEL")->required();
  std::vector<std::string> names;
  for (const Target& target : kTargets) names.emplace_back(target.name);
  command->add_option("--target", options->target, "What is to run it")->required()->check(CLI::IsMember(names));
  command
      ->add_option("--corpus", options->corpus,
                   "Folder of `pellucid prepare` to train on; its validation side measures")
      ->required()
      ->type_name("DIR");
  command->add_option("-o,--out", options->out, "The small model")->required()->type_name("FILE.safetensors");
  command->add_option("--steps", options->steps, "Steps of training over all cuts of pruning; 0: none")
      ->check(number_in(0, 100000000))
      ->capture_default_str();
  command->add_option("--cuts", options->cuts, "How many times to cut")
      ->check(number_in(1, 100))
      ->capture_default_str();
  command->add_option("--finetune", options->finetune, "Steps of training with rounded weights; 0: none")
      ->check(number_in(0, 100000000))
      ->capture_default_str();
  command->add_option("--pairs", options->pairs, "Noisy recordings of the validation side that measure, 5 s each")
      ->check(number_in(2, 100000))
      ->capture_default_str();
  command
      ->add_option("--set", options->settings,
                   "key=value in place of the recipe's that the model was trained by, while pruning")
      ->allow_extra_args(false);
  command->add_flag("--resume", options->resume, "Go on with what was stopped");
  command->add_flag("--force", options->force, "Replace a file that is there");
  command->add_flag("--json", options->json, "Print the table as JSON");
  command->callback([options] { Compressor(*options).run(); });
}

}  // namespace pellucid::cli
