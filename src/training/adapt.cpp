#include "training/adapt.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/sound.hpp"
#include "audio/stream.hpp"
#include "corpus/prepare.hpp"
#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/work_folder.hpp"
#include "training/average.hpp"
#include "training/export.hpp"
#include "training/output_folder.hpp"
#include "training/provenance.hpp"
#include "training/stored_model.hpp"
#include "training/trainer.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;

constexpr int kWavPcm16 = 0x010002;  // SF_FORMAT_WAV | SF_FORMAT_PCM_16
constexpr char kOwn[] = "own";       // the label of the user's noise
constexpr double kStretchS = 10, kLeastNoiseS = 20;
constexpr double kLevel = 0.05, kPeak = 0.9;  // that quiet recordings are raised to, of full scale
constexpr int kHeldBackOfEvery = 5;           // one of so many stretches
constexpr double kSpeakersHeldBack = 0.2;
constexpr int kProbeSteps = 20;  // that tell how many fit into the minutes
constexpr double kShares[] = {0.25, 0.375, 0.5, 0.625, 0.75, 1.0, 1.25, 1.5};

std::vector<fs::path> noise_files(const std::vector<fs::path>& sources) {
  std::vector<corpus::SourceFolder> folders;
  std::vector<fs::path> files;
  for (const fs::path& source : sources) {
    if (fs::is_directory(source))
      folders.push_back({corpus::Kind::kNoise, source});
    else
      files.push_back(source);
  }
  for (const corpus::SourceFile& file : corpus::scan(folders).files) files.push_back(file.file);
  if (files.empty())
    throw Error(ExitCode::kCorpus, "--noise {}: found no sound file, expected some (wav, flac, ogg, opus, mp3 ..)",
                sources.front().string());
  return files;
}

// What must be the same when it is gone on with.
std::string plan(const AdaptOptions& options, const StoredModel& model, const std::vector<fs::path>& noise) {
  nlohmann::ordered_json j = {{"model", crc32(0, model.bytes.data(), model.bytes.size())},
                              {"minutes", options.minutes},
                              {"seed", options.seed},
                              {"settings", options.settings}};
  for (const fs::path& file : noise) {
    std::error_code gone;
    j["noise"].push_back(fmt::format("{}: {} bytes", file.string(), fs::file_size(file, gone)));
  }
  for (const fs::path& folder : options.speech) j["speech"].push_back(folder.string());
  for (const fs::path& folder : options.others) j["others"].push_back(folder.string());
  return j.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Quiet recordings as loud as others: how loud noise is in a mixture is drawn, and its bits are few.
void raise(std::vector<double>& samples) {
  double peak = 0, energy = 0;
  for (const double x : samples) {
    peak = std::max(peak, std::abs(x));
    energy += x * x;
  }
  if (peak == 0) return;
  const double gain = std::min(kLevel / std::sqrt(energy / double(samples.size())), kPeak / peak);
  if (gain <= 1) return;
  for (double& x : samples) x *= gain;
}

// The user's noise as files of kStretchS each: folders of those to tune with and of those held back.
void write_stretches(const std::vector<fs::path>& files, int rate_hz, const fs::path& tune, const fs::path& held) {
  for (const fs::path& folder : {tune, held}) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  int count = 0;
  for (const fs::path& file : files) {
    const audio::Sound sound = audio::load(file, {.rate_hz = rate_hz});
    std::vector<double> samples(sound.samples.begin(), sound.samples.end());
    raise(samples);
    const auto stretches = std::max<std::size_t>(1, std::size_t(double(samples.size()) / (kStretchS * rate_hz)));
    for (std::size_t i = 0; i < stretches; ++i) {
      const std::size_t from = samples.size() * i / stretches, to = samples.size() * (i + 1) / stretches;
      audio::StreamFormat mono;
      mono.rate_hz = rate_hz;
      mono.channels = 1;
      mono.code = kWavPcm16;
      const bool back = count % kHeldBackOfEvery == 1;
      const fs::path path = (back ? held : tune) / fmt::format("{}-{:05}.wav", back ? "held" : "tune", count);
      ++count;
      audio::Writer writer(path, audio::output_format(mono, path));
      writer.write(std::vector<double>(samples.begin() + std::ptrdiff_t(from), samples.begin() + std::ptrdiff_t(to)));
      writer.close();
    }
  }
}

// Seconds of the user's noise that are fit to tune with and to measure by.
double count_own(const corpus::Corpus& corpus, const AdaptOptions& options) {
  double tune_s = 0, held_s = 0;
  for (const corpus::Clip& clip : corpus.clips()) {
    if (clip.label != kOwn) continue;
    (clip.split == corpus::Split::kTrain ? tune_s : held_s) += double(clip.frames) / corpus.rate_hz();
  }
  if (tune_s + held_s < kLeastNoiseS || tune_s == 0 || held_s == 0)
    throw Error(ExitCode::kCorpus,
                "--noise {}: found {:.1f} s of sound to tune with and {:.1f} s to measure by, expected {:.0f} s or "
                "more in all, none of it silent or twice the same; a few minutes are good",
                options.noise.front().string(), tune_s, held_s, kLeastNoiseS);
  return tune_s + held_s;
}

bool has_unheard(const std::vector<fs::path>& speech) {
  for (const fs::path& folder : speech) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none))
      if (entry.path().filename().string().starts_with(kUnheard)) return true;
  }
  return false;
}

corpus::Corpus make_corpus(const AdaptOptions& options, int rate_hz, const std::vector<fs::path>& noise,
                           const std::string& rules, const fs::path& out) {
  corpus::PrepareOptions prepare;
  for (const fs::path& folder : options.speech) prepare.folders.push_back({corpus::Kind::kSpeech, folder});
  for (const fs::path& folder : noise) prepare.folders.push_back({corpus::Kind::kNoise, folder});
  prepare.out = out;
  prepare.rate_hz = rate_hz;
  const std::string unheard = fmt::format("speech,{}*/**,{}{{1}},,valid\n", kUnheard, kUnheard);
  prepare.groups = corpus::GroupRules::parse("kind,pattern,group,label,split\n" + unheard + rules, "of adapt");
  prepare.shares.valid = has_unheard(options.speech) ? 0 : kSpeakersHeldBack;
  prepare.shares.seed = options.seed;
  prepare.update = true;
  corpus::PrepareHooks hooks;
  hooks.stop = [] { return interrupted(); };
  corpus::prepare(prepare, hooks);
  return corpus::Corpus::open(prepare.out);
}

// The recipe that the model was trained by, as far as it also holds for tuning; without the user's settings.
Recipe make_recipe(const AdaptOptions& options, const StoredModel& model) {
  Recipe recipe = recipe_to_go_on(options.model.string(), model.provenance, model.architecture);
  recipe.name = "tuned";
  recipe.mix.synthetic_probability = recipe.mix.babble_probability = recipe.mix.second_noise_probability = 0.15;
  recipe.mix.speed_probability = std::max(recipe.mix.speed_probability, 0.8);  // so that few seconds are not learnt
  TrainOptions& t = recipe.train;
  t.optimizer = "adamw";
  t.learning_rate = 1e-3;  // whatever it was trained at
  t.batch = 4;
  t.replicas = 2;
  t.warmup_steps = 50;
  t.decay = 1;
  t.average = 0.99;
  t.checkpoint_every = 250;
  t.valid_pairs = 48;
  t.seed = int(options.seed);
  t.start = options.model.string();
  return recipe;
}

TrainResult train_a_part(const Recipe& recipe, bool resume, ProgressStyle style) {
  try {
    return train(recipe, resume, style);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kInterrupted) throw;
    throw Error(ExitCode::kInterrupted, "stopped while training; go on with the same command");
  }
}

// As many steps as the minutes allow for two trainings, kept over interruptions.
long find_steps(const AdaptOptions& options, Recipe recipe, const fs::path& work) {
  const fs::path kept = work / "run" / kRecipe;
  if (fs::exists(kept) && fs::exists(work / "run" / "last.ckpt")) {
    const int steps = Recipe::load(kept).train.steps;
    if (steps > kProbeSteps) return steps;
  }
  recipe.train.steps = kProbeSteps;
  recipe.train.output = (work / "probe").string();
  recipe.train.valid_pairs = 1;
  fs::remove_all(recipe.train.output);
  const auto start = std::chrono::steady_clock::now();
  train_a_part(recipe, false, ProgressStyle::kNone);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  fs::remove_all(recipe.train.output);
  return std::max(long(kProbeSteps) + 1, std::lround(options.minutes * 60 / (spent.count() / kProbeSteps) / 2));
}

std::string provenance(const AdaptOptions& options, const StoredModel& model, const AdaptResult& result,
                       const StoredModel& tuned) {
  nlohmann::ordered_json j = nlohmann::ordered_json::parse(tuned.provenance, nullptr, false);
  j["adapted"] = {{"from", model.name},
                  {"noise_s", result.noise_s},
                  {"share", result.share},
                  {"own_si_sdr_db", {result.own_before.si_sdr_db, result.own_after.si_sdr_db}},
                  {"own_stoi", {result.own_before.stoi, result.own_after.stoi}},
                  {"own_pesq", {result.own_before.pesq, result.own_after.pesq}},
                  {"others_si_sdr_db", {result.others_before.si_sdr_db, result.others_after.si_sdr_db}},
                  {"others_stoi", {result.others_before.stoi, result.others_after.stoi}},
                  {"others_pesq", {result.others_before.pesq, result.others_after.pesq}},
                  {"minutes", options.minutes}};
  return j.dump();
}

// A tenth of PESQ counts as much as 1 dB or .05 of STOI.
double worth(const Scores& s) { return s.lost > 0 ? -HUGE_VAL : s.score() + 10 * s.pesq; }

bool forgets(const Scores& before, const Scores& after) {
  return after.lost > 0 || after.si_sdr_db < before.si_sdr_db - kMostLossDb ||
         after.stoi < before.stoi - kMostLossStoi || after.pesq < before.pesq - kMostLossPesq;
}

}  // namespace

AdaptResult adapt(const AdaptOptions& options, ProgressStyle style) {
  const StoredModel model = read_stored_model(options.model);
  const std::string name = model_name_of(options.out);
  const std::vector<fs::path> files = noise_files(options.noise);
  const WorkFolder kept(fs::path(options.out).concat(".adapt"), plan(options, model, files), "adaptation", true);
  const fs::path& work = kept.path();
  Recipe recipe = make_recipe(options, model);
  const corpus::MixOptions usual = recipe.mix;  // a channel in the settings is new, as the noise is
  recipe.apply(options.settings, {"name", "model.", "train.corpus", "train.output", "train.start", "train.steps"});

  AdaptResult result;
  const int rate_hz = int(model.architecture.sample_rate_hz);
  const fs::path tune = work / "tune", held = work / "held";
  write_stretches(files, rate_hz, tune, held);
  std::vector<fs::path> without = options.others;
  without.push_back(held);
  std::vector<fs::path> noises = without;
  noises.push_back(tune);
  const std::string rules = fmt::format(
      "noise,tune-*,own/tune-{{1}},{0},train\nnoise,held-*,own/held-{{1}},{0},valid\nnoise,**,others/"
      "{{1}},others,train\n",
      kOwn);
  constexpr const char* kOthers = "noise,**,others/{1},others,valid\n";
  const corpus::Corpus own_corpus = make_corpus(options, rate_hz, noises, rules, work / "corpus");
  result.noise_s = count_own(own_corpus, options);
  make_corpus(options, rate_hz, without, rules, work / "without");
  const corpus::Corpus others_corpus = make_corpus(options, rate_hz, options.others, kOthers, work / "others");
  kept.begin();
  recipe.train.corpus = (work / "corpus").string();
  recipe.train.output = (work / "run").string();
  recipe.train.steps = int(find_steps(options, recipe, work));
  recipe.train.validate_every = recipe.train.steps;  // of both the weights at the end
  Recipe beside = recipe;
  beside.name = "beside";
  beside.mix = usual;
  beside.train.corpus = (work / "without").string();
  beside.train.output = (work / "beside").string();
  const TrainResult trained = train_a_part(recipe, true, style);
  result.steps = trained.steps;
  const StoredModel tuned = read_stored_model(trained.model);
  const StoredModel common = read_stored_model(train_a_part(beside, true, style).model);

  Recipe own = recipe, others = recipe;
  own.train.valid_pairs = others.train.valid_pairs = 2 * recipe.train.valid_pairs;  // what is weighed is small
  own.mix.synthetic_probability = own.mix.babble_probability = 0;
  others.mix = usual;  // also where own speech comes through a channel
  others.mix.synthetic_probability = 0.3;
  others.mix.babble_probability = 0.2;
  others.mix.second_noise_probability = 0;
  const Validation on_own(own_corpus, own), on_others(others_corpus, others);
  const Spectrum spectrum(model.architecture, torch::kCPU);
  Progress progress({.label = "Weighing", .total = double(std::size(kShares)) + 1, .unit = "mixes", .style = style});
  const auto before = make_network(model);
  result.own_before = result.own_after = on_own.run(*before, spectrum, true);
  result.others_before = result.others_after = on_others.run(*before, spectrum, true);
  expect_numbers(result.own_before, options.model);
  expect_numbers(result.others_before, options.model);
  const auto state = [](const Scores& s) {
    return fmt::format("{:.3f} PESQ, {:.4f} STOI, {:.2f} dB", s.pesq, s.stoi, s.si_sdr_db);
  };
  progress.note(
      fmt::format("as it is: own noise {}; others {}", state(result.own_before), state(result.others_before)));
  progress.add(1);
  std::shared_ptr<Network> best;
  for (const double share : kShares) {
    if (interrupted()) throw Error(ExitCode::kInterrupted, "stopped while weighing; go on with the same command");
    const auto network = average({&model, &tuned, &common}, {1, share, -share});
    const Scores on_noise = on_own.run(*network, spectrum, true), on_rest = on_others.run(*network, spectrum, true);
    const auto change = [](const Scores& from, const Scores& to) {
      return fmt::format("{:+.3f} PESQ, {:+.4f} STOI, {:+.2f} dB", to.pesq - from.pesq, to.stoi - from.stoi,
                         to.si_sdr_db - from.si_sdr_db);
    };
    progress.note(fmt::format("{:.0f} % of the difference: own noise {}; others {}", 100 * share,
                              change(result.own_before, on_noise), change(result.others_before, on_rest)));
    progress.add(1);
    if (forgets(result.others_before, on_rest) || worth(on_noise) <= worth(result.own_after)) continue;
    result.share = share;
    result.own_after = on_noise;
    result.others_after = on_rest;
    best = network;
  }
  if (!best) {
    kept.remove();  // so that the same command with more of something begins anew
    throw Error(ExitCode::kTraining,
                "{}: nothing was gained on the noise held back ({:.2f} dB SI-SDR as before), so no model is written; "
                "try more noise, more --minutes or a larger model",
                options.model.string(), result.own_before.si_sdr_db);
  }
  write_file(options.out, encode_model(*best, name, provenance(options, model, result, tuned), model.sparse));
  kept.remove();
  return result;
}

}  // namespace pellucid::training
