#include "training/prune.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/say.hpp"
#include "support/work_folder.hpp"
#include "training/blocks.hpp"
#include "training/export.hpp"
#include "training/provenance.hpp"
#include "training/stored_model.hpp"
#include "training/trainer.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
constexpr char kCutModel[] = ".cut.safetensors";  // no model that is trained has a name like it
constexpr double kRate = 3e-3;  // a model's own is that of its last, finest run, at which a cut network hardly moves

Recipe recipe_of(const StoredModel& model, const PruneOptions& options) {
  Recipe recipe = recipe_to_go_on(options.model.string(), model.provenance, model.architecture);
  recipe.name = model_name_of(options.out);
  recipe.train.learning_rate = kRate;
  recipe.train.fixed_statistics = 0;  // each cut sets its own
  recipe.apply(options.settings, kSetByPrune);
  return recipe;
}

std::uint32_t checksum(const StoredModel& model) { return crc32(0, model.bytes.data(), model.bytes.size()); }

std::string describe(const Architecture& a, const Units& units) {
  std::string text;
  for (const UnitGroup& group : units.groups) {
    const std::string number = fmt::format("{} {}", group.key, a.*group.number);
    if (text.find(number) == std::string::npos) text += (text.empty() ? "" : ", ") + number;
  }
  return text;
}

// The smallest that pruning goes to. Throws when that does not meet the speed.
Architecture floor_of(const StoredModel& model, const PruneOptions& options) {
  const Architecture& a = model.architecture;
  if (model.sparse)
    throw Error(ExitCode::kModel,
                "{}: is block-sparse, and a cut of units would tear its blocks; cut the units of the model that it was "
                "made of, or give --blocks",
                options.model.string());
  const Units units = units_of(a, static_cast<std::uint32_t>(options.multiple));
  const Architecture floor = smallest(a, units);
  const double most = double(nn::multiply_adds_per_frame(a)) / double(nn::multiply_adds_per_frame(floor));
  if (options.speed > most)
    throw Error(ExitCode::kUsage,
                "--speed {:g}: cannot be met: down to a quarter of its units in multiples of {} ({}) {} needs {:.2f} "
                "times fewer multiply-adds, and fewer would take whole layers; ask for at most {:.2f}, give a smaller "
                "--multiple, or train a smaller recipe",
                options.speed, options.multiple, describe(floor, units), options.model.string(), most,
                std::floor(100 * most) / 100);
  return floor;
}

// The same of blocks.
void check_blocks(const StoredModel& model, const PruneOptions& options) {
  if (options.importance != ImportanceKind::kTaylor)
    throw Error(ExitCode::kUsage,
                "--importance ablation: found --blocks, of which there are too many to take out one "
                "by one; leave it at taylor");
  const auto saved = most_saved(block_matrices(model.architecture, model.tensors, options.block_outputs));
  const double most = double(model.multiply_adds) / double(model.multiply_adds - saved);
  if (options.speed > most)
    throw Error(ExitCode::kUsage,
                "--speed {:g}: cannot be met: down to an eighth of the blocks of every weight that has any {} needs "
                "{:.2f} times fewer multiply-adds; ask for at most {:.2f}, or cut units first (--structured)",
                options.speed, options.model.string(), most, std::floor(100 * most) / 100);
}

class Pruner {
 public:
  explicit Pruner(const PruneOptions& options)
      : options_(options),
        original_(read_stored_model(options.model)),
        recipe_(recipe_of(original_, options)),
        work_(options.out.string() + ".work", plan(true), "pruning", options.resume, plan(false)) {
    if (fs::exists(options_.out) && !options_.force)
      throw Error(ExitCode::kOutput, "{}: is there already; add --force to replace it", options_.out.string());
    if (in_blocks())
      check_blocks(original_, options_);
    else
      floor_ = floor_of(original_, options_);
    use_one_thread();
    corpus_ = corpus::Corpus::open(recipe_.train.corpus);
    if (corpus_->rate_hz() != int(original_.architecture.sample_rate_hz))
      throw Error(ExitCode::kCorpus, "{}: found a corpus of {} Hz, but the model hears {} Hz; prepare one at that rate",
                  recipe_.train.corpus, corpus_->rate_hz(), original_.architecture.sample_rate_hz);
    validation_.emplace(*corpus_, recipe_);
  }

  Pruned run() {
    Pruned result;
    result.before = standing(original_, options_.model);
    StoredModel model = original_;
    for (int cut = 1; cut <= options_.cuts; ++cut) model = read_stored_model(run_cut(cut, model));
    result.after = standing(model, options_.out);
    AtomicFile out(options_.out, options_.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
    out.write(model.bytes.data(), model.bytes.size());
    out.commit();
    work_.remove();
    return result;
  }

 private:
  bool in_blocks() const { return options_.block_outputs > 0; }
  std::uint32_t multiple() const { return static_cast<std::uint32_t>(options_.multiple); }

  // What must be the same when it is gone on with. Versions before told nothing of the corpus and the teacher, and
  // trained all cuts with one seed.
  std::string plan(bool with_inputs) const {
    nlohmann::ordered_json j = {
        {"model", checksum(original_)},
        {"speed", options_.speed},
        {"cuts", options_.cuts},
        {"steps", options_.steps},
        {"importance", options_.importance == ImportanceKind::kAblation ? "ablation" : "taylor"},
        {"pairs", options_.pairs},
        {"multiple", options_.multiple},
        {"recipe", recipe_.fingerprint()}};
    if (in_blocks()) j["blocks"] = options_.block_outputs;
    if (with_inputs) {
      j["corpus"] = corpus::index_checksum(recipe_.train.corpus);
      if (const std::string& teacher = recipe_.distill.teacher; !teacher.empty())
        j["teacher"] = checksum(read_stored_model(teacher));
    }
    return j.dump(1) + "\n";
  }

  // Cuts, trains, and returns the file of the trained model. What has been done already is not done again.
  fs::path run_cut(int number, const StoredModel& model) const {
    const fs::path folder = work_.path() / fmt::format("cut-{}", number), smaller = folder / kCutModel;
    if (!fs::exists(smaller)) {
      const std::string bytes = cut_model(number, model);
      std::error_code error;
      fs::create_directories(folder, error);
      if (error) throw Error(ExitCode::kOutput, "{}: the folder cannot be made ({})", folder.string(), error.message());
      work_.begin();
      write_file(smaller, bytes);
    }
    const int steps = steps_after(number);
    if (steps == 0) return smaller;
    const StoredModel start = read_stored_model(smaller);
    Recipe recipe = recipe_;
    recipe.model = start.architecture;
    recipe.train.start = smaller.string();
    recipe.train.output = folder.string();
    recipe.train.steps = steps;
    if (!work_.older()) recipe.train.seed = seed_of_part(recipe.train.seed, number);
    recipe.train.warmup_steps = std::min(recipe.train.warmup_steps, steps / 10);
    recipe.train.decay = recipe.train.fixed_statistics = number == options_.cuts ? 0.7 : 0;
    recipe.train.validate_every = number == options_.cuts ? std::min(1000, std::max(1, steps / 4)) : steps;
    recipe.train.checkpoint_every = std::min(500, recipe.train.checkpoint_every);
    recipe.check();
    return train(recipe, /*resume=*/true, options_.progress).model;
  }

  int steps_after(int cut) const {
    if (options_.cuts == 1) return options_.steps;
    const int each = options_.steps / (2 * (options_.cuts - 1));
    return cut < options_.cuts ? each : options_.steps - each * (options_.cuts - 1);
  }

  std::string cut_model(int number, const StoredModel& model) const {
    Recipe recipe = recipe_;
    recipe.model = model.architecture;
    // Every cut takes the same share of what is there, so that the last ones, which hurt most, are small.
    const double goal = double(original_.multiply_adds) / std::pow(options_.speed, double(number) / options_.cuts);
    const Tensors tensors =
        in_blocks() ? fewer_blocks(number, model, recipe, goal) : fewer_units(number, model, &recipe, goal);
    Network cut_network(recipe.model);
    cut_network.load(tensors);
    return encode_model(cut_network, recipe_.name, provenance(recipe, model), in_blocks());
  }

  void tell(int number, const std::string& left, std::uint64_t multiply_adds) const {
    say("cut {} of {}: {} ({:.2f} times fewer multiply-adds than at first)\n", number, options_.cuts, left,
        double(original_.multiply_adds) / double(multiply_adds));
  }

  // The recipe's model becomes the smaller one.
  Tensors fewer_units(int number, const StoredModel& model, Recipe* recipe, double goal) const {
    const Architecture& a = model.architecture;
    const Units units = units_of(a, multiple());
    const Importance importance = measure_importance(*make_network(model), units, *recipe, *corpus_,
                                                     options_.importance, options_.pairs, options_.progress);
    for (std::size_t g = 0; g < importance.size(); ++g) check(importance[g], units.groups[g].name, "unit");
    const Kept kept = choose(a, units, importance, floor_, std::uint64_t(std::floor(goal + 1e-6)));
    const Tensors tensors = cut(a, units, kept, model.tensors, &recipe->model);
    tell(number, describe(recipe->model, units), nn::multiply_adds_per_frame(recipe->model));
    return tensors;
  }

  Tensors fewer_blocks(int number, const StoredModel& model, const Recipe& recipe, double goal) const {
    const auto matrices = block_matrices(model.architecture, model.tensors, options_.block_outputs);
    const BlockImportance importance =
        measure_importance(*make_network(model), matrices, recipe, *corpus_, options_.pairs, options_.progress);
    for (std::size_t m = 0; m < matrices.size(); ++m) check(importance[m], matrices[m].tensor, "block");
    const double saved = std::ceil(std::max(0.0, double(model.multiply_adds) - goal - 1e-6));
    const Tensors tensors = give_up(matrices, importance, std::uint64_t(saved), model.tensors);
    const BlockTotal before = total(matrices),
                     after = total(block_matrices(model.architecture, tensors, options_.block_outputs));
    tell(number, fmt::format("{} of {} blocks", after.groups, before.groups),
         model.multiply_adds - before.multiply_adds + after.multiply_adds);
    return tensors;
  }

  // Of a model that was cut and not trained since.
  static std::string provenance(Recipe recipe, const StoredModel& from) {
    recipe.train.corpus = TrainOptions{}.corpus;
    const auto start = nlohmann::ordered_json::parse(ancestry(from.name, from.provenance));
    return nlohmann::ordered_json{{"step", 0}, {"start", start}, {"recipe", recipe.to_toml()}}.dump();
  }

  static void check(const std::vector<double>& importance, const std::string& where, const char* what) {
    const double most = *std::max_element(importance.begin(), importance.end());
    if (!std::isfinite(most) || most <= 0)
      throw Error(ExitCode::kTraining,
                  "{}: no {} of it lowers the loss, so that pruning would take the whole layer; train the model "
                  "further, or train a recipe without that layer",
                  where, what);
  }

  Standing standing(const StoredModel& model, const fs::path& path) const {
    const auto network = make_network(model);
    const Scores scores = validation_->run(*network, Spectrum(model.architecture, torch::kCPU));
    expect_numbers(scores, path);
    return {path, model.bytes.size(), model.architecture, model.parameters, model.multiply_adds, scores};
  }

  const PruneOptions& options_;
  StoredModel original_;
  Architecture floor_;
  Recipe recipe_;
  WorkFolder work_;
  std::optional<corpus::Corpus> corpus_;
  std::optional<Validation> validation_;
};

}  // namespace

Pruned prune(const PruneOptions& options) { return Pruner(options).run(); }

}  // namespace pellucid::training
