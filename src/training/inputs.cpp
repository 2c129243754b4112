#include "training/inputs.hpp"

#include "support/crc32.hpp"
#include "support/error.hpp"
#include "training/memory.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;

// Whatever must be alike in all processes.
std::string settings(const Recipe& recipe) {
  const auto& t = recipe.train;
  const auto checksum = [](const auto& bytes) { return fmt::format("{:08x}", crc32(0, bytes.data(), bytes.size())); };
  const std::string& teacher = recipe.distill.teacher;
  return recipe.fingerprint() +
         fmt::format("train.steps={};train.decay={};train.final_rate={};train.fixed_statistics={};", t.steps, t.decay,
                     t.final_rate, t.fixed_statistics) +
         fmt::format(
             "train.validate_every={};train.checkpoint_every={};train.valid_pairs={};train.device={};train.mixing={};",
             t.validate_every, t.checkpoint_every, t.valid_pairs, t.device, t.mixing) +
         fmt::format("train.precision={};checksum of the corpus={:08x};checksum of distill.teacher={};", t.precision,
                     corpus::index_checksum(t.corpus),
                     teacher.empty() ? "none" : checksum(read_stored_model(teacher).bytes));
}

}  // namespace

StoredModel open_start(const Recipe& recipe, const fs::path& path) {
  StoredModel model = read_stored_model(path);
  const bool grows = model.architecture.blocks < recipe.model.blocks;
  if (const auto difference = first_difference(model.architecture, recipe.model, grows ? "blocks" : ""))
    throw Error(ExitCode::kRecipe,
                "train.start: {} has {}, the recipe {}; both must be of one architecture, but for blocks, of which the "
                "recipe may have more: set its [model] as `pellucid info` says, or start from another model",
                path.string(), difference->found, difference->expected);
  return model;
}

corpus::Corpus open_corpus(const Recipe& recipe, ProcessGroup& group) {
  check_memory(recipe, available_memory_bytes(), group.count());
  auto corpus = corpus::Corpus::open(recipe.train.corpus);
  if (corpus.rate_hz() != int(recipe.model.sample_rate_hz))
    throw Error(ExitCode::kCorpus,
                "{}: found a corpus of {} Hz, expected {} Hz as the recipe's model.sample_rate_hz says",
                recipe.train.corpus, corpus.rate_hz(), recipe.model.sample_rate_hz);
  for (const auto split : {corpus::Split::kTrain, corpus::Split::kValid})
    if (corpus.select(corpus::Kind::kSpeech, split).empty())
      throw Error(ExitCode::kCorpus, "{}: the {} split has no speech; prepare a corpus with more speakers",
                  recipe.train.corpus, split == corpus::Split::kTrain ? "train" : "valid");
  const double recorded = 1 - recipe.mix.babble_probability - recipe.mix.synthetic_probability;
  for (const auto split : {corpus::Split::kTrain, corpus::Split::kValid})
    if (recorded > 1e-9 && corpus.select(corpus::Kind::kNoise, split).empty())
      throw Error(ExitCode::kCorpus,
                  "{}: the {} split has no noise, but the recipe takes that of {:.0f} % of its pairs from recordings; "
                  "prepare the corpus with --noise, or train with --set mix.synthetic_probability={:g}",
                  recipe.train.corpus, split == corpus::Split::kTrain ? "train" : "valid", 100 * recorded,
                  1 - recipe.mix.babble_probability);
  if (group.count() > 1) group.agree(settings(recipe));
  return corpus;
}

}  // namespace pellucid::training
