// Training that begins from a model file: the same function at first, and one that can be trained.
#include <gtest/gtest.h>

#include "tiny_training.hpp"
#include "training/export.hpp"
#include "training/losses.hpp"
#include "training/replica.hpp"
#include "training/stored_model.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using corpus::test::write_text;
using torch::Tensor;

class StartTest : public TinyTraining {
 protected:
  static void SetUpTestSuite() {
    make_tiny("steps = 30\nvalidate_every = 10\nvalid_pairs = 2\n");
    train(recipe("first"), false, ProgressStyle::kNone);
  }
  static fs::path model() { return path("first") / "tiny.safetensors"; }
  static std::string start() { return "train.start='" + model().string() + "'"; }
};

Tensor mask(Network& network, const Tensor& features, bool train) {
  torch::NoGradGuard no_grad;
  network.train(train);
  return network.forward(features, 20).clone();
}

TEST_F(StartTest, SettlingKeepsTheFunctionAndMakesItOneToTrain) {
  const StoredModel stored = read_stored_model(model());
  const auto network = make_network(stored);
  const Tensor features = torch::randn({60, long(stored.architecture.positions()), 3 * long(stored.architecture.fold)});
  const Tensor before = mask(*network, features, false);
  const double scale = before.abs().max().item<double>();
  EXPECT_GT((mask(*make_network(stored), features, true) - before).abs().max().item<double>(), 0.01 * scale)
      << "batch statistics change nothing: this test shows nothing";
  network->settle(features, 20);
  EXPECT_LT((mask(*network, features, false) - before).abs().max().item<double>(), 1e-5 * scale);
  EXPECT_LT((mask(*network, features, true) - before).abs().max().item<double>(), 1e-4 * scale);
}

TEST_F(StartTest, AModelTakenUpIsWrittenAsItWas) {
  const StoredModel stored = read_stored_model(model());
  EXPECT_EQ(stored.name, "tiny");
  EXPECT_NE(stored.provenance.find("\"step\":"), std::string::npos) << stored.provenance;
  const auto again = make_network(stored)->folded();
  ASSERT_EQ(again.size(), stored.tensors.size());
  for (std::size_t i = 0; i < again.size(); ++i)
    EXPECT_TRUE(torch::allclose(again[i].second, stored.tensors[i].second, 1e-6, 1e-7)) << again[i].first;
}

TEST_F(StartTest, TrainingGoesOnFromTheModel) {
  const auto from_chance = train(recipe("chance", {"train.steps=1"}), false, ProgressStyle::kNone);
  const auto from_model =
      train(recipe("on", {start(), "train.steps=1", "train.learning_rate=1e-6"}), false, ProgressStyle::kNone);
  EXPECT_NE(from_chance.si_sdr_db, from_model.si_sdr_db);
  const StoredModel stored = read_stored_model(from_model.model);
  EXPECT_NE(stored.provenance.find("\"start\":{\"name\":\"tiny\",\"step\":"), std::string::npos) << stored.provenance;
  EXPECT_EQ(stored.provenance.find(folder_->path().string()), std::string::npos) << "tells a machine's paths";
  const StoredModel was = read_stored_model(model());
  for (std::size_t i = 0; i < was.tensors.size(); ++i)
    EXPECT_TRUE(torch::allclose(stored.tensors[i].second, was.tensors[i].second, 0.1, 0.05)) << was.tensors[i].first;
}

TEST_F(StartTest, MoreBlocksBeginAsTheSmallerModelAndLearn) {
  for (const std::string mixers : {"gru dense", "conv conv", "attention gru", "gru attention"}) {
    const auto space = mixers.find(' ');
    const std::vector<std::string> kinds{"model.time_mixer=" + mixers.substr(0, space),
                                         "model.freq_mixer=" + mixers.substr(space + 1), "model.heads=2",
                                         "train.steps=10"};
    auto larger = kinds;
    const auto small = train(recipe("small " + mixers, kinds), false, ProgressStyle::kNone).model;
    larger.insert(larger.end(), {"train.start='" + small.string() + "'", "model.blocks=3", "train.learning_rate=1e-3"});
    const StoredModel stored = read_stored_model(small);
    Network grown(recipe("grown " + mixers, larger).model);
    grown.load(stored.tensors);
    const Tensor features =
        torch::randn({60, long(stored.architecture.positions()), 3 * long(stored.architecture.fold)});
    const Tensor before = mask(*make_network(stored), features, false);
    grown.settle(features, 20);
    EXPECT_TRUE(torch::allclose(mask(grown, features, false), before, 1e-4, 1e-5)) << mixers;
    EXPECT_TRUE(torch::allclose(mask(grown, features, true), before, 1e-3, 1e-4)) << mixers;
    const StoredModel written =
        read_stored_model(train(recipe("grown " + mixers, larger), false, ProgressStyle::kNone).model);
    EXPECT_EQ(written.architecture.blocks, 3U);
    for (const auto& [name, tensor] : written.tensors)
      EXPECT_GT(tensor.abs().sum().item<double>(), 0) << mixers << ": " << name << " has learned nothing";
  }
}

TEST_F(StartTest, ResumesWithoutTheFileItBeganFrom) {
  const fs::path copy = path("copy.safetensors");
  fs::copy_file(model(), copy);
  const std::string setting = "train.start='" + copy.string() + "'";
  train(recipe("long", {setting, "train.steps=10"}), false, ProgressStyle::kNone);
  fs::remove(copy);
  EXPECT_EQ(train(recipe("long", {setting, "train.steps=20"}), true, ProgressStyle::kNone).steps, 20);
}

TEST_F(StartTest, GoesOnFromTheStartItBeganFromOnly) {
  const auto on = [](const std::string& output, const fs::path& from, int steps) {
    return recipe(output, {Recipe::setting("train.start", from.string()), fmt::format("train.steps={}", steps)});
  };
  const auto refusal = [](const Recipe& r) {
    try {
      train(r, true, ProgressStyle::kNone);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kTraining) << error.what();
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  const fs::path other = train(recipe("other", {"train.seed=3"}), false, ProgressStyle::kNone).model;
  const fs::path copy = path("same.safetensors");
  fs::copy_file(model(), copy);
  train(on("begun", model(), 10), false, ProgressStyle::kNone);
  EXPECT_EQ(train(on("begun", copy, 20), true, ProgressStyle::kNone).steps, 20) << "the same under another name";
  const std::string changed = refusal(on("begun", other, 30));
  EXPECT_NE(changed.find("begun from another model: found train.start with the checksum "), std::string::npos)
      << changed;
  EXPECT_NE(changed.find("; set it back, or train into another folder"), std::string::npos) << changed;
  train(recipe("chanced", {"train.steps=10"}), false, ProgressStyle::kNone);
  const std::string none = refusal(on("chanced", model(), 20));
  EXPECT_NE(none.find("expected none"), std::string::npos) << none;
}

TEST_F(StartTest, SaysWhatIsWrong) {
  const auto refusal = [](const std::vector<std::string>& settings, ExitCode code) {
    try {
      train(recipe("refused", settings), false, ProgressStyle::kNone);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  const std::string other = refusal({start(), "model.bands=6"}, ExitCode::kRecipe);
  EXPECT_NE(other.find("bands = 5, the recipe bands = 6"), std::string::npos) << other;
  const fs::path larger =
      train(recipe("larger", {"model.blocks=2", "train.steps=1"}), false, ProgressStyle::kNone).model;
  const std::string fewer = refusal({"train.start='" + larger.string() + "'"}, ExitCode::kRecipe);
  EXPECT_NE(fewer.find("blocks = 2, the recipe blocks = 1"), std::string::npos) << fewer;
  const std::string missing = refusal({"train.start='/nowhere.safetensors'"}, ExitCode::kModel);
  EXPECT_NE(missing.find("/nowhere.safetensors"), std::string::npos) << missing;
  const std::string int8 =
      refusal({"train.start='" + std::string(PELLUCID_MODELS) + "/nano-int8.safetensors'"}, ExitCode::kModel);
  EXPECT_NE(int8.find("int8"), std::string::npos) << int8;
  EXPECT_FALSE(fs::exists(path("refused")));
}

}  // namespace
}  // namespace pellucid::training
