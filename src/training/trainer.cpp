#include "training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "nn/kernels.hpp"
#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/elapsed.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/parse_json.hpp"
#include "support/peak.hpp"
#include "training/blocks.hpp"
#include "training/checkpoint.hpp"
#include "training/export.hpp"
#include "training/inputs.hpp"
#include "training/memory.hpp"
#include "training/output_folder.hpp"
#include "training/provenance.hpp"
#include "training/replica.hpp"
#include "training/report.hpp"
#include "training/stored_model.hpp"
#include "training/validation.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr long kCurveEvery = 50;     // steps between rows of the curve
constexpr double kPasses = 3;        // forward, and backward by inputs and by weights: each a product as large
constexpr double kLowerRate = 0.25;  // what a training goes on with that went out of range

// The recipe of one process that trains as all do together.
Recipe as_one(Recipe recipe, const ProcessGroup& group) {
  recipe.train.replicas *= group.count();
  return recipe;
}

class Trainer {
 public:
  Trainer(const Recipe& recipe, bool resume, ProgressStyle style, ProcessGroup& group);
  TrainResult run();

 private:
  double rate() const { return state_.rate_factor * learning_rate(recipe_.train, state_.step); }
  fs::path model_path() const { return released_model(recipe_); }
  bool asked_to_stop() const { return group_.count() > 1 ? stop_ : interrupted(); }
  void take_up();
  void share_state();
  void hand_out();
  void start_from(const StoredModel& model);
  double step();
  bool fix_statistics();
  void go_back(long step, Progress& progress);
  double sum_over_processes(std::vector<float>& gradient, std::vector<float>& buffers, double loss);
  void take_buffers(std::vector<float> mean);
  void checkpoint();
  Scores validate();
  void release(const Scores& scores);
  std::string provenance(const Scores& scores) const;
  void spend();

  const Recipe& recipe_;
  ProcessGroup& group_;
  const Recipe whole_;  // as if one process did it all
  ProgressStyle style_;
  fs::path folder_;
  std::unique_ptr<FolderLock> lock_;
  corpus::Corpus corpus_;
  torch::Device device_;
  std::unique_ptr<Teacher> teacher_;  // where the recipe names one
  std::uint32_t teacher_checksum_ = 0, corpus_checksum_ = 0;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::shared_ptr<Network> released_;    // holds the averaged weights
  nlohmann::ordered_json started_from_;  // what train.start says of its own training
  State state_;
  std::vector<Matrices> matrices_;  // that Muon moves
  std::vector<float> kept_;         // 0 for weights that stay zero, 1 for all others
  Validation validation_;
  std::unique_ptr<corpus::Loader> loader_;
  std::unique_ptr<Curve> curve_;
  int chunk_samples_ = 0;
  bool stop_ = false;                     // a process was interrupted
  double most_audio_s_per_s_ = HUGE_VAL;  // what the cores could do with multiply-adds alone; unknown for devices
  Clock::time_point spent_at_ = Clock::now();
  double spent_cpu_ = processor_time_s();
};

Trainer::Trainer(const Recipe& recipe, bool resume, ProgressStyle style, ProcessGroup& group)
    : recipe_(recipe),
      group_(group),
      whole_(as_one(recipe, group)),
      style_(group.is_first() ? style : ProgressStyle::kNone),
      folder_(recipe.train.output),
      corpus_(open_corpus(recipe, group)),
      device_(device_of(recipe, group)),
      validation_(corpus_, recipe, group) {
  if (group.is_first()) lock_ = open_output(recipe, resume);
  corpus_checksum_ = corpus::index_checksum(recipe.train.corpus);
  use_one_thread();
  keep_freed_memory();
  const int hop = recipe.model.hop_samples;
  chunk_samples_ = int(std::lround(recipe.train.chunk_s * recipe.model.sample_rate_hz / hop)) * hop;
  if (device_.is_cpu()) {
    const double frames_per_s = double(recipe.model.sample_rate_hz) / recipe.model.hop_samples;
    const double needed = kPasses * double(nn::multiply_adds_per_frame(recipe.model)) * frames_per_s;
    const int cores = std::min(recipe.train.replicas, int(std::max(1u, std::thread::hardware_concurrency())));
    std::vector<double> most{cores * peak_multiply_adds_per_s(nn::kernels_at) / needed};
    group.sum(most);
    most_audio_s_per_s_ = most[0];
  }
  if (!recipe.distill.teacher.empty()) {
    const StoredModel teacher = read_stored_model(recipe.distill.teacher);
    teacher_ = std::make_unique<Teacher>(teacher, recipe, device_);
    teacher_checksum_ = crc32(0, teacher.bytes.data(), teacher.bytes.size());
  }
  for (int r = 0; r < recipe.train.replicas; ++r)
    replicas_.push_back(std::make_unique<Replica>(recipe, device_, teacher_.get()));
  take_up();
  if (group.is_first()) write_file(folder_ / kRecipe, recipe.to_toml());
}

// Begins where the last checkpoint ended, or at the start: of train.start, or of chance.
void Trainer::take_up() {
  torch::manual_seed(static_cast<std::uint64_t>(recipe_.train.seed));
  released_ = std::make_shared<Network>(recipe_.model);
  released_->set_weight_bits(recipe_.train.weight_bits);
  const double best = state_.best_score;  // of the model that is there already where it goes back
  state_ = {};
  state_.teacher = teacher_checksum_;
  state_.corpus = corpus_checksum_;
  // What the training began from, whether or not train.start is said again.
  if (group_.is_first() && fs::exists(folder_ / kStart)) start_from(open_start(recipe_, folder_ / kStart));
  state_.optimizer.start(flat_parameters(*released_));
  kept_.resize(state_.optimizer.weights.size(), 1.0f);
  if (recipe_.train.optimizer == "muon") matrices_ = matrices_of(*released_);
  state_.buffers = state_.average_buffers = flat_buffers(*released_);
  const fs::path last = folder_ / kCheckpoint;
  if (group_.is_first() && fs::exists(last)) {
    state_ = load_checkpoint(last, whole_, teacher_checksum_, corpus_checksum_, state_.optimizer.weights.size(),
                             state_.buffers.size());
    if (!fs::exists(model_path())) state_.best_score = State().best_score;
  }
  state_.best_score = std::max(state_.best_score, best);
  share_state();
  released_->to(device_);
  hand_out();
  const auto& t = recipe_.train;
  const auto replicas = std::uint64_t(t.replicas);
  loader_ = std::make_unique<corpus::Loader>(
      corpus_, recipe_.mix, corpus::Split::kTrain, std::uint64_t(t.seed), t.batch, chunk_samples_,
      std::uint64_t(state_.step) * replicas, t.loader_workers, 2 * t.replicas + 2,
      corpus::Share{std::uint64_t(group_.rank()) * replicas, replicas, std::uint64_t(whole_.train.replicas)},
      t.mixing == "loader");
  if (group_.is_first()) curve_ = std::make_unique<Curve>(folder_, recipe_.name, state_.step);
}

// The first process's, to the bit: the others may have found no checkpoint, or have rounded otherwise on their
// machines.
void Trainer::share_state() {
  State& s = state_;
  std::vector<double> numbers{double(s.step), s.seconds_seen, s.wall_s, s.cpu_s, s.best_score, s.rate_factor};
  group_.spread(numbers);
  s.step = long(numbers[0]);
  s.seconds_seen = numbers[1];
  s.wall_s = numbers[2];
  s.cpu_s = numbers[3];
  s.best_score = numbers[4];
  s.rate_factor = numbers[5];
  for (auto* values : {&s.optimizer.weights, &s.optimizer.mean, &s.optimizer.variance, &s.optimizer.average, &s.buffers,
                       &s.average_buffers, &kept_})
    group_.spread(*values);
}

void Trainer::hand_out() {
  for (auto& replica : replicas_) {
    set_parameters(replica->network(), state_.optimizer.weights);
    set_buffers(replica->network(), state_.buffers);
  }
}

void Trainer::start_from(const StoredModel& model) {
  constexpr int kPairs = 16;
  started_from_ = nlohmann::ordered_json::parse(ancestry(model.name, model.provenance));
  released_->load(model.tensors);
  kept_ = kept_weights(*released_, model.sparse);
  std::vector<float> noisy(std::size_t(kPairs) * std::size_t(chunk_samples_)), clean(noisy.size());
  for (int i = 0; i < kPairs; ++i) {
    const std::size_t at = std::size_t(i) * std::size_t(chunk_samples_), n = std::size_t(chunk_samples_);
    corpus::make_pair(corpus_, recipe_.mix, corpus::Split::kTrain, std::uint64_t(recipe_.train.seed), std::uint64_t(i),
                      {noisy.data() + at, n}, {clean.data() + at, n});
  }
  enhance(Spectrum(recipe_.model, torch::kCPU),
          torch::from_blob(noisy.data(), {kPairs, chunk_samples_}, torch::kFloat32),
          [&](const torch::Tensor& features, long frames) { return released_->settle(features, frames); });
}

// Once in a training's life: the last good checkpoint again, with a lower rate. `step` has failed.
void Trainer::go_back(long step, Progress& progress) {
  if (state_.rate_factor < 1)
    throw Error(ExitCode::kTraining,
                "step {}: the loss is not a number, also at {} of the learning rate; train anew with a lower rate, for "
                "example --set train.learning_rate={}",
                step, state_.rate_factor, recipe_.train.learning_rate / 10);
  take_up();
  state_.rate_factor = kLowerRate;
  if (group_.is_first())
    progress.note(fmt::format("step {}: the loss is not a number; back to step {}, on with {} of the learning rate",
                              step, state_.step, kLowerRate));
  progress.add(double(state_.step - step + 1));
}

// Whether this step's normalisations use gathered statistics. The first such step begins from the averages, which are
// what those statistics belong to; later ones, also after a resume, find them taken.
bool Trainer::fix_statistics() {
  const bool fixed = double(state_.step) >= (1 - recipe_.train.fixed_statistics) * recipe_.train.steps;
  if (fixed && state_.buffers != state_.average_buffers) {
    state_.buffers = state_.average_buffers;
    state_.optimizer.weights = state_.optimizer.average;
    hand_out();
  }
  for (auto& r : replicas_) r->network().set_fixed_statistics(fixed);
  return fixed;
}

// The loss, or what is no number when it or its gradient has gone out of range: the state is then not to be used.
double Trainer::step() {
  const auto count = double(whole_.train.replicas);
  const bool teacher_alone = double(state_.step) < recipe_.distill.alone * recipe_.train.steps;
  const bool fixed = fix_statistics();
  for (auto& r : replicas_) r->start(loader_->next(), teacher_alone);
  double total = 0;
  std::exception_ptr error;
  for (auto& r : replicas_) {
    try {
      total += r->wait() / count;
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
  std::vector<float> gradient(state_.optimizer.weights.size()), buffers(state_.buffers.size());
  for (const auto& r : replicas_) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += float(r->gradient()[i] / count);
    const std::vector<float>& own = r->buffers();
    for (std::size_t i = 0; i < own.size(); ++i) buffers[i] += own[i] / float(count);
  }
  if (group_.count() > 1) total = sum_over_processes(gradient, buffers, total);
  const double norm = clip(gradient, recipe_.train.clip_norm, kept_);
  if (!std::isfinite(total) || !std::isfinite(norm)) return std::nan("");
  state_.optimizer.update(gradient, recipe_.train, state_.step, rate(), matrices_, kept_);
  if (!fixed) take_buffers(std::move(buffers));
  hand_out();
  ++state_.step;
  state_.seconds_seen += count * recipe_.train.batch * chunk_samples_ / double(recipe_.model.sample_rate_hz);
  return total;
}

// All that a step exchanges, in one message: waiting for one costs more than its length does. Returns the whole loss.
double Trainer::sum_over_processes(std::vector<float>& gradient, std::vector<float>& buffers, double loss) {
  std::vector<float> all = gradient;
  all.insert(all.end(), buffers.begin(), buffers.end());
  all.insert(all.end(), {float(loss), interrupted() ? 1.0f : 0.0f});
  group_.sum(all);
  const auto end_of_gradient = all.begin() + std::ptrdiff_t(gradient.size());
  std::copy(all.begin(), end_of_gradient, gradient.begin());
  std::copy(end_of_gradient, all.end() - 2, buffers.begin());
  stop_ = all.back() > 0;
  return double(all[all.size() - 2]);
}

void Trainer::take_buffers(std::vector<float> mean) {
  state_.buffers = std::move(mean);
  const double keep = std::min(recipe_.train.average, double(state_.step + 1) / double(state_.step + 10));
  for (std::size_t i = 0; i < state_.buffers.size(); ++i)
    state_.average_buffers[i] = float(keep * state_.average_buffers[i] + (1 - keep) * state_.buffers[i]);
}

// Adds the time since the last call to the state's account.
void Trainer::spend() {
  const double cpu = processor_time_s();
  std::vector<double> spent_cpu{cpu - spent_cpu_};
  group_.sum(spent_cpu);
  state_.wall_s += elapsed_s(spent_at_);
  state_.cpu_s += spent_cpu[0];
  spent_at_ = Clock::now();
  spent_cpu_ = cpu;
}

void Trainer::checkpoint() {
  spend();
  share_state();
  hand_out();
  if (group_.is_first()) save_checkpoint(folder_ / kCheckpoint, whole_, state_);
}

Scores Trainer::validate() {
  set_parameters(*released_, state_.optimizer.average);
  set_buffers(*released_, state_.average_buffers);
  return validation_.run(*released_, replicas_.front()->spectrum());
}

std::string Trainer::provenance(const Scores& s) const {
  Recipe recipe = recipe_;  // without the paths of the machine it ran on
  recipe.train.corpus = TrainOptions{}.corpus;
  recipe.train.output = TrainOptions{}.output;
  for (std::string* path : {&recipe.train.start, &recipe.distill.teacher})
    if (!path->empty()) *path = fs::path(*path).filename().string();
  nlohmann::ordered_json j = {{"step", state_.step},
                              {"hours_of_audio", state_.seconds_seen / 3600},
                              {"wall_hours", state_.wall_s / 3600},
                              {"cpu_hours", state_.cpu_s / 3600},
                              {"valid_si_sdr_db", s.si_sdr_db},
                              {"valid_stoi", s.stoi},
                              {"valid_noise_alone_db", s.noise_alone_db},
                              {"valid_noisy_si_sdr_db", s.noisy_si_sdr_db},
                              {"valid_noisy_stoi", s.noisy_stoi},
                              {"seed", recipe_.train.seed},
                              {"recipe", recipe.to_toml()}};
  if (group_.count() > 1) j["processes"] = group_.count();
  if (!started_from_.is_null()) j["start"] = started_from_;
  return j.dump();
}

void Trainer::release(const Scores& scores) {
  if (scores.score() < state_.best_score) return;
  state_.best_score = scores.score();
  spend();
  if (!group_.is_first()) return;
  // A model without a checkpoint beside it would be taken for somebody else's.
  if (!fs::exists(folder_ / kCheckpoint)) save_checkpoint(folder_ / kCheckpoint, whole_, state_);
  write_file(model_path(),
             encode_model(*released_, recipe_.name, provenance(scores), std::ranges::find(kept_, 0.0f) != kept_.end()));
}

TrainResult Trainer::run() {
  const auto& t = recipe_.train;
  Progress progress({.label = "Training " + recipe_.name,
                     .total = double(t.steps),
                     .already = double(state_.step),
                     .unit = "steps",
                     .rate = " steps/s",
                     .style = style_});
  TrainResult result;
  double loss_sum = 0, audio_from = 0, waited_from = 0, exchanged_from = 0;  // since the curve's last row
  Clock::time_point from;
  long count = 0;
  const auto begin_row = [&] {
    loss_sum = 0;
    count = 0;
    audio_from = state_.seconds_seen;
    waited_from = loader_->waited_s();
    exchanged_from = group_.exchanged_s();
    from = Clock::now();
  };
  begin_row();
  stop_ = group_.any(interrupted());
  const bool done_before = state_.step >= t.steps;
  while (state_.step < t.steps) {
    if (asked_to_stop()) {
      checkpoint();
      if (curve_) curve_->write(false);
      group_.finish();
      throw Error(ExitCode::kInterrupted, "stopped at step {}; go on with --resume", state_.step);
    }
    const double loss = step();
    if (!std::isfinite(loss)) {
      go_back(state_.step + 1, progress);
      begin_row();
      continue;
    }
    loss_sum += loss;
    ++count;
    const bool last = state_.step == t.steps;
    const bool validates = last || state_.step % t.validate_every == 0;
    const bool checkpoints = last || state_.step % t.checkpoint_every == 0;
    if (validates || checkpoints || state_.step % kCurveEvery == 0) {
      CurvePoint p;
      const double wall = elapsed_s(from);
      p.step = state_.step;
      p.hours_of_audio = state_.seconds_seen / 3600;
      p.loss = loss_sum / double(count);
      p.learning_rate = state_.rate_factor * learning_rate(t, state_.step - 1);
      p.audio_s_per_s = wall > 0 ? (state_.seconds_seen - audio_from) / wall : 0;
      p.waited_share = wall > 0 ? std::min(1.0, (loader_->waited_s() - waited_from) / wall) : 0;
      p.peak_share = p.audio_s_per_s / most_audio_s_per_s_;
      const std::string of_peak = p.peak_share > 0 ? fmt::format(", {:.0f} % of peak", 100 * p.peak_share) : "";
      const std::string exchanging =
          group_.count() == 1
              ? ""
              : fmt::format(", {:.0f} % exchanging", 100 * (group_.exchanged_s() - exchanged_from) / wall);
      progress.add(0, fmt::format("loss {:.4f}, {:.0f} audio-s/s, {:.0f} % waiting{}{}", p.loss, p.audio_s_per_s,
                                  100 * p.waited_share, exchanging, of_peak));
      if (validates) {
        const Scores s = validate();
        p.validated = true;
        p.valid_loss = s.loss;
        p.si_sdr_db = s.si_sdr_db;
        p.noise_alone_db = s.noise_alone_db;
        p.stoi = s.stoi;
        if (group_.is_first())
          progress.note(fmt::format("step {}: {:.1f} h of audio, loss {:.4f}, {}", p.step, p.hours_of_audio, p.loss,
                                    s.in_words()));
        release(s);
      }
      if (curve_) curve_->add(p);
      if (curve_ && (validates || checkpoints)) curve_->write(!last);
      begin_row();
    }
    if (checkpoints) checkpoint();
    progress.add(1);
  }
  const auto nothing_released = [&] { return group_.any(group_.is_first() && !fs::exists(model_path())); };
  if (done_before && nothing_released()) release(validate());
  if (nothing_released()) {
    group_.finish();
    throw Error(ExitCode::kTraining,
                "{}: in {} steps no validation found a network whose output is numbers, so that no model is written; "
                "train anew with a lower rate, for example --set train.learning_rate={}",
                folder_.string(), state_.step, t.learning_rate / 10);
  }
  result.steps = state_.step;
  result.hours_of_audio = state_.seconds_seen / 3600;
  if (group_.is_first()) {
    result.model = model_path();
    const auto best = parse_json(read_stored_model(result.model).provenance);
    result.best_step = best.at("step");
    result.si_sdr_db = best.at("valid_si_sdr_db");
    result.stoi = best.at("valid_stoi");
  }
  group_.finish();
  return result;
}

}  // namespace

TrainResult train(const Recipe& recipe, bool resume, ProgressStyle style, ProcessGroup& group) {
  try {
    return Trainer(recipe, resume, style, group).run();
  } catch (const std::exception& error) {
    group.leave(error.what());
    throw;
  }
}

}  // namespace pellucid::training
