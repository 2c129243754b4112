// Recipes: what is read, what is refused and in which words.
#include "training/recipe.hpp"

#include <gtest/gtest.h>

#include <set>

#include "../corpus/prepare_support.hpp"
#include "support/error.hpp"
#include "training/optimizer.hpp"
#include "training/provenance.hpp"

namespace pellucid::training {
namespace {

using corpus::test::TempFolder;
using corpus::test::write_text;

std::string refusal(const std::string& text, const std::vector<std::string>& settings = {}) {
  const TempFolder folder;
  write_text(folder.path() / "r.toml", text);
  try {
    Recipe::load(folder.path() / "r.toml", settings);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::kRecipe);
    return e.what();
  }
  return "";
}

TEST(RecipeTest, ReadsAndWritesTheSame) {
  const TempFolder folder;
  write_text(folder.path() / "r.toml", "[model]\nchannels = 24\ntime_mixer = 'conv'\n[train]\nlearning_rate = 1e-3\n");
  const Recipe r = Recipe::load(folder.path() / "r.toml", {"train.steps=77", "train.corpus=some/where"});
  EXPECT_EQ(r.name, "r");
  EXPECT_EQ(r.model.channels, 24u);
  EXPECT_EQ(r.model.time_mixer, TimeMixer::kConv);
  EXPECT_DOUBLE_EQ(r.train.learning_rate, 1e-3);
  EXPECT_EQ(r.train.steps, 77);
  EXPECT_EQ(r.train.corpus, "some/where");
  write_text(folder.path() / "again.toml", r.to_toml());
  const Recipe again = Recipe::load(folder.path() / "again.toml");
  EXPECT_EQ(again.to_toml(), r.to_toml());
  EXPECT_EQ(again.fingerprint(), r.fingerprint());
}

TEST(RecipeTest, NamesTheNearestKey) {
  EXPECT_NE(refusal("[train]\nlearning_rat = 1e-3\n").find("did you mean 'train.learning_rate'"), std::string::npos);
  EXPECT_NE(refusal("[model]\nchanels = 3\n").find("'model.channels'"), std::string::npos);
  EXPECT_NE(refusal("", {"train.step=5"}).find("'train.steps'"), std::string::npos);
}

TEST(RecipeTest, RefusesWrongValues) {
  EXPECT_NE(refusal("[model]\nchannels = 'many'\n").find("expected a whole number"), std::string::npos);
  EXPECT_NE(refusal("[model]\nchannels = 0\n").find("expected 1 to"), std::string::npos);
  EXPECT_NE(refusal("[model]\ntime_mixer = 'lstm'\n").find("'gru', 'conv' or 'attention'"), std::string::npos);
  EXPECT_NE(refusal("[model]\nhop_samples = 100\n").find("2 to 8 times hop_samples"), std::string::npos);
  EXPECT_NE(refusal("[model]\nwindow_samples = 544\nhop_samples = 272\n").find("found 544"), std::string::npos);
  EXPECT_NE(refusal("[model]\ntime_mixer = 'attention'\nheads = 3\n").find("heads does not divide hidden"),
            std::string::npos);
  EXPECT_NE(refusal("[model]\ncontext_frames = -1\n").find("0 or more"), std::string::npos);
  EXPECT_NE(refusal("[mix]\nroom_probability = 2.0\n").find("mix.room_probability"), std::string::npos);
  EXPECT_NE(refusal("[loss]\nstoi = -0.1\n").find("loss.stoi: found -0.1"), std::string::npos);
  EXPECT_NE(refusal("[train]\ndevice = 'tpu'\n").find("'cpu' or 'cuda'"), std::string::npos);
  EXPECT_NE(refusal("[train]\nmixing = 'gpu'\n").find("'loader' or 'device'"), std::string::npos);
  EXPECT_NE(refusal("[mix]\nearly_reflections_ms = 1e30\n").find("0 to 2000"), std::string::npos);
  EXPECT_NE(refusal("[mix]\nsnr_min_db = -1e6\n").find("mix.snr_min_db"), std::string::npos);
  EXPECT_NE(refusal("[mix]\nlevel_min_dbfs = -1e6\n").find("mix.level_min_dbfs"), std::string::npos);
  EXPECT_NE(refusal("[loss]\nerb = 1e30\n").find("loss.erb"), std::string::npos);
  EXPECT_NE(refusal("", {"name=start"}).find("take another"), std::string::npos);
  EXPECT_NE(refusal("[train\n").find("line 1"), std::string::npos);
  EXPECT_NE(refusal("", {"nonsense"}).find("key=value"), std::string::npos);
  EXPECT_THROW(Recipe::load("/nowhere/r.toml"), Error);
}

TEST(RecipeTest, ItsFilesNameIsUtf8WhereItIsTheModels) {
  const TempFolder folder;
  write_text(folder.path() / "caf\xE9.toml", "");
  try {
    Recipe::load(folder.path() / "caf\xE9.toml");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("\"caf\xEF\xBF\xBD\", expected a plain file name in UTF-8"), std::string::npos)
        << e.what();
  }
  EXPECT_EQ(Recipe::load(folder.path() / "caf\xE9.toml", {"name=coffee"}).name, "coffee");
}

TEST(RecipeTest, SettingsTakeAnyText) {
  for (const char* text : {"joe's", "with \"both\" 'quotes'", "back\\slash", "5", "true", ""}) {
    Recipe r = Recipe::parse("here", "");
    r.apply({Recipe::setting("train.corpus", text)});
    EXPECT_EQ(r.train.corpus, text);
  }
}

TEST(RecipeTest, ACommandKeepsItsOwnKeys) {
  Recipe r = Recipe::parse("here", "");
  for (const char* setting : {"train.steps=5", "train.steps = 5", "model.channels=4", "train={steps=5}",
                              "train={batch=4, steps=5}", "model={channels=4}", "train.\"steps\"=5", "'train'.steps=5"})
    EXPECT_THROW(r.apply({setting}, {"train.steps", "model."}), Error) << setting;
  r.apply({"train.batch=5", "train={learning_rate=0.5}"}, {"train.steps", "model."});
  EXPECT_EQ(r.train.batch, 5);
  EXPECT_EQ(r.train.learning_rate, 0.5);
}

TEST(RecipeTest, EveryPartOfATrainingHasItsSeed) {
  std::set<int> seeds;
  for (const int seed : {1, 2, 3, 2147483647})
    for (const int part : {1, 2, 3, 4, 100, kFinetunePart}) seeds.insert(seed_of_part(seed, part));
  EXPECT_EQ(seeds.size(), 24U);
  EXPECT_GE(*seeds.begin(), 0);
  EXPECT_EQ(seeds.count(1) + seeds.count(2) + seeds.count(3), 0U) << "the seed of a training of its own";
}

TEST(RecipeTest, EveryShippedRecipeIsValid) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PELLUCID_SOURCE_DIR) + "/recipes")) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(Recipe::load(entry.path())) << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0);
}

TEST(OptimizerTest, RateWarmsUpHoldsAndDecays) {
  TrainOptions o;
  o.steps = 1000;
  o.warmup_steps = 100;
  o.decay = 0.3;
  EXPECT_NEAR(learning_rate(o, 0), o.learning_rate / 100, 1e-9);
  EXPECT_DOUBLE_EQ(learning_rate(o, 500), o.learning_rate);
  EXPECT_NEAR(learning_rate(o, 850), o.learning_rate * (o.final_rate + (1 - o.final_rate) * 0.5), 1e-6);
  EXPECT_NEAR(learning_rate(o, 1000), o.learning_rate * o.final_rate, 1e-9);
}

TEST(OptimizerTest, LongGradientsAreShortenedWithoutWhatStaysZero) {
  std::vector<float> gradient = {3, 4, 12};
  EXPECT_FLOAT_EQ(float(clip(gradient, 1, {1, 1, 0})), 5.0f);
  EXPECT_FLOAT_EQ(gradient[0], 0.6f);
  EXPECT_FLOAT_EQ(gradient[1], 0.8f);
  EXPECT_EQ(gradient[2], 0.0f);
  EXPECT_FLOAT_EQ(float(clip(gradient, 2)), 1.0f);
  EXPECT_FLOAT_EQ(gradient[0], 0.6f) << "short enough";
}

TEST(OptimizerTest, FindsTheMinimumOfABowl) {
  TrainOptions o;
  o.steps = 2000;
  o.warmup_steps = 10;
  o.learning_rate = 0.02;
  o.weight_decay = 0;
  Optimizer adam;
  adam.start({5.0f, -3.0f});
  for (long step = 0; step < o.steps; ++step) {
    std::vector<float> gradient{2 * (adam.weights[0] - 1), 20 * (adam.weights[1] - 2)};
    adam.update(gradient, o, step, learning_rate(o, step));
  }
  EXPECT_NEAR(adam.weights[0], 1, 1e-2);
  EXPECT_NEAR(adam.weights[1], 2, 1e-2);
}

}  // namespace
}  // namespace pellucid::training
