#include "cli/quantize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "audio/sound.hpp"
#include "audio/stream.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "corpus/corpus.hpp"
#include "corpus/index.hpp"
#include "corpus/loader_pair.hpp"
#include "quantization/float16_file.hpp"
#include "quantization/quantize.hpp"
#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"
#include "support/work_folder.hpp"
#include "training/provenance.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kPieceSeconds = 4;
constexpr float kSilence = 0.001f;  // a peak below is no sound to calibrate with
constexpr std::uint64_t kSeed = 0x7175616e74;
constexpr double kFinetuneRate = 0.1;  // of the learning rate that the model was trained with

/// Hands pieces of noisy speech to the calibration until there is enough of it.
class Feeder {
 public:
  Feeder(quantization::Calibration& calibration, int rate_hz, double seconds)
      : calibration_(calibration),
        rate_hz_(rate_hz),
        seconds_(seconds),
        progress_({.label = "Calibrating", .total = seconds, .unit = "s", .rate = "x"}) {}

  bool enough() const { return calibration_.seconds() >= seconds_; }

  void add(std::span<const float> samples) {
    stop_if_interrupted();
    const double before = calibration_.seconds();
    calibration_.add(samples);
    for (const float x : samples) peak_ = std::max(peak_, std::abs(x));
    progress_.add(calibration_.seconds() - before);
  }

  void add_corpus(const fs::path& folder) {
    const corpus::Corpus corpus = corpus::Corpus::open(folder);
    if (corpus.rate_hz() != rate_hz_) {
      throw Error(ExitCode::kCorpus, "{}: holds sound of {} Hz, but the model hears {} Hz; prepare it with --rate {}.",
                  folder.string(), corpus.rate_hz(), rate_hz_, rate_hz_);
    }
    const corpus::CorpusClips clips(corpus);
    const corpus::PairMaker maker(clips, corpus::MixOptions(), corpus::Split::kTrain);
    std::vector<float> noisy(static_cast<std::size_t>(kPieceSeconds * rate_hz_)), clean(noisy.size());
    for (std::uint64_t i = 0; !enough(); ++i) {
      maker.make(kSeed, i, noisy, clean);
      add(noisy);
    }
  }

  void add_folder(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->is_regular_file(ignored) && audio::has_sound_extension(it->path())) files.push_back(it->path());
    }
    if (error) throw Error(ExitCode::kInput, "{}: cannot be read: {}.", folder.string(), error.message());
    if (files.empty()) {
      throw Error(ExitCode::kInput, "{}: holds neither a prepared corpus nor a sound file to calibrate with.",
                  folder.string());
    }
    std::sort(files.begin(), files.end());
    // The same share of every file, so that the first does not take it all.
    const double share = std::max(kPieceSeconds, seconds_ / static_cast<double>(files.size()));
    for (const fs::path& file : files) {
      if (enough()) break;
      add(audio::load(file, {.rate_hz = rate_hz_, .duration_s = share}).samples);
    }
  }

  void finish(const std::string& source) {
    progress_.finish();
    if (peak_ < kSilence) {
      throw Error(ExitCode::kAudio,
                  "{}: there is only silence in it; calibration needs noisy speech as the model will hear it.", source);
    }
    if (calibration_.seconds() < 1) {
      throw Error(ExitCode::kAudio, "{}: there is less than a second of sound in it; calibration needs noisy speech.",
                  source);
    }
  }

 private:
  quantization::Calibration& calibration_;
  int rate_hz_;
  double seconds_;
  float peak_ = 0;
  Progress progress_;
};

/// The float model's metadata under a new name, and what was done.
void add_metadata(const Model& model, const QuantizeOptions& options, double seconds,
                  quantization::QuantizedModel* to) {
  using nlohmann::ordered_json;
  const std::string text(reinterpret_cast<const char*>(model.bytes.data()), model.bytes.size());
  const std::size_t length = static_cast<std::size_t>(model.file.header_size());
  const ordered_json header = ordered_json::parse(text.substr(8, length));
  std::vector<std::pair<std::string, std::string>> all;
  const std::set<std::string> own = {"checksum", "arithmetic", "quantization", "sparsity"};  // of the float file alone
  for (const auto& [key, value] : header.at("__metadata__").items()) {
    if (own.count(key) > 0) continue;
    all.emplace_back(key, key == "name" ? value.get<std::string>() + "-int8" : value.get<std::string>());
  }
  all.insert(all.end(), to->metadata.begin(), to->metadata.end());
  const ordered_json provenance = {{"float_checksum", metadata_text(model.file, "checksum")},
                                   {"calibration", fs::path(options.calibrate).filename().string()},
                                   {"calibration_s", std::lround(seconds)}};
  all.emplace_back("quantization", provenance.dump());
  to->metadata = std::move(all);
}

/// Trains the model further with its weights rounded (docs/compression.md).
std::unique_ptr<Model> finetuned(const Model& model, const QuantizeOptions& options) {
  if (!fs::exists(fs::path(options.calibrate) / corpus::kIndexName)) {
    throw Error(ExitCode::kInput,
                "{}: is no prepared corpus, which --finetune trains on; make one with `pellucid prepare`, or leave "
                "--finetune out.",
                options.calibrate);
  }
  training::Recipe recipe =
      training::recipe_to_go_on(model.path.string(), metadata_text(model.file, "training"), model.file.architecture());
  recipe.name = metadata_text(model.file, "name");
  training::TrainOptions& t = recipe.train;
  t.learning_rate *= kFinetuneRate;
  t.corpus = options.calibrate;
  t.start = model.path.string();
  t.steps = options.finetune;
  t.warmup_steps = std::min(t.warmup_steps, options.finetune / 10);
  t.decay = 1;
  t.final_rate = 0;
  t.weight_bits = 8;
  t.validate_every = std::max(1, options.finetune / 4);
  recipe.check();
  // Versions before told nothing of the corpus, and trained with the mixtures that the model's own training began with.
  const auto plan = [&](bool with_corpus) {
    nlohmann::ordered_json j = {{"model", crc32(0, model.bytes.data(), model.bytes.size())},
                                {"steps", options.finetune},
                                {"recipe", recipe.fingerprint()}};
    if (with_corpus) j["corpus"] = corpus::index_checksum(t.corpus);
    return j.dump(1) + "\n";
  };
  const std::string older_plan = plan(false);
  const int seed = t.seed;
  t.seed = training::seed_of_part(seed, training::kFinetunePart);
  const WorkFolder kept(options.out + ".work", plan(true), "fine-tuning", options.resume, older_plan);
  if (kept.older()) t.seed = seed;
  kept.begin();
  const fs::path& work = kept.path();
  recipe.train.output = work.string();
  const fs::path recipe_path = work / "finetune.toml";
  write_file(recipe_path, recipe.to_toml());
  std::vector<std::string> arguments{"train", recipe_path.string()};
  if (options.resume) arguments.emplace_back("--resume");
  run_train(arguments);
  return load_model((work / (recipe.name + ".safetensors")).string());
}

std::string int8_of(std::unique_ptr<Model> model, const QuantizeOptions& options) {
  if (const char* problem = nn::integer_unsupported(model->file.architecture())) {
    throw Error(ExitCode::kModel, "{}: cannot be quantised: {}.", model->path.string(), problem);
  }
  if (options.finetune > 0) model = finetuned(*model, options);
  quantization::FloatNetwork network(model->file);
  quantization::Calibration calibration(network);
  Feeder feeder(calibration, static_cast<int>(network.architecture().sample_rate_hz), options.seconds);
  std::error_code error;
  if (!fs::is_directory(options.calibrate, error)) {
    throw Error(ExitCode::kInput, "{}: is no folder; --calibrate takes a prepared corpus or a folder of noisy speech.",
                options.calibrate);
  }
  if (fs::exists(fs::path(options.calibrate) / corpus::kIndexName, error)) {
    feeder.add_corpus(options.calibrate);
  } else {
    feeder.add_folder(options.calibrate);
  }
  feeder.finish(options.calibrate);
  quantization::QuantizedModel quantized = quantization::quantize(network, calibration);
  add_metadata(*model, options, calibration.seconds(), &quantized);
  return quantization::encode(quantized);
}

}  // namespace

std::string quantize_model(const QuantizeOptions& options) {
  std::unique_ptr<Model> model = load_any_model(options.model);
  if (model->file.arithmetic() != nn::Arithmetic::kFloat32) {
    throw Error(ExitCode::kModel, "{}: is quantised already; quantise the float model that it was made from.",
                model->path.string());
  }
  AtomicFile out(options.out, options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  const double size_before = static_cast<double>(model->bytes.size());
  const fs::path path = model->path;
  const std::string bytes = options.to == "float16" ? quantization::encode_float16(model->bytes, path.string())
                                                    : int8_of(std::move(model), options);
  nn::ModelFile check;
  if (const nn::ModelError problem = check.parse(bytes.data(), bytes.size()); problem.status != nn::ModelStatus::kOk) {
    throw Error(ExitCode::kModel, "{}: what it was made into cannot be used: {}.", path.string(), problem.detail);
  }
  out.write(bytes);
  out.commit();
  if (options.finetune > 0) {
    std::error_code ignored;
    fs::remove_all(options.out + ".work", ignored);
  }
  return fmt::format("{}: {:.1f} kB, was {:.1f} kB", options.out, static_cast<double>(bytes.size()) / 1000,
                     size_before / 1000);
}

void add_quantize(CLI::App& app) {
  auto options = std::make_shared<QuantizeOptions>();
  CLI::App* command = app.add_subcommand("quantize", "Turn a float model into an int8 one, or halve its numbers");
  command->add_option("MODEL", options->model, "A float model's name or file")->type_name("MODEL")->required();
  command->add_option("-o,--out", options->out, "The model that becomes of it")
      ->required()
      ->type_name("FILE.safetensors");
  command
      ->add_option(
          "--to", options->to,
          "int8: weights of 8 bits, all computed in integers; float16: weights of 16 bits, computed in float32")
      ->check(CLI::IsMember({"int8", "float16"}))
      ->capture_default_str();
  command
      ->add_option("--calibrate", options->calibrate,
                   "For int8: folder of `pellucid prepare`, or of files of noisy speech: what the model will hear")
      ->type_name("DIR");
  command->add_option("--seconds", options->seconds, "How much of it to listen to")
      ->check(number_in(1.0, 36000.0))
      ->capture_default_str();
  command
      ->add_option("--finetune", options->finetune,
                   "Steps of training with rounded weights before (pellucid-train), on the corpus of --calibrate")
      ->check(number_in(0, 100000000))
      ->capture_default_str();
  command->add_flag("--resume", options->resume, "Go on with a --finetune that was stopped");
  command->add_flag("--force", options->force, "Replace a file that is there");
  command->callback([options] {
    if (options->to == "float16" && (!options->calibrate.empty() || options->finetune > 0))
      throw Error(ExitCode::kUsage, "--to float16: listens to nothing and trains nothing; leave {} out.",
                  options->calibrate.empty() ? "--finetune" : "--calibrate");
    if (options->to == "int8" && options->calibrate.empty())
      throw Error(
          ExitCode::kUsage,
          "--calibrate: is missing; int8 has to hear noisy speech, a folder of `pellucid prepare` or of files.");
    fmt::print("{}\n", quantize_model(*options));
  });
}

}  // namespace pellucid::cli
