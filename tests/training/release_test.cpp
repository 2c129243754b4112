// What a training writes, and what it does not: the best of its networks, and never over somebody's files.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "../cli/program.hpp"
#include "support/parse_json.hpp"
#include "tiny_training.hpp"
#include "training/stored_model.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using corpus::test::read_text;
using corpus::test::write_text;

class ReleaseTest : public TinyTraining {
 protected:
  static void SetUpTestSuite() { make_tiny("steps = 10\nvalidate_every = 5\nvalid_pairs = 4\n"); }
  // What the training says meanwhile.
  static std::string said_by(const Recipe& r) {
    testing::internal::CaptureStderr();
    train(r, false, ProgressStyle::kLines);
    return testing::internal::GetCapturedStderr();
  }
};

// Many layers at a rate that ruins them: the statistics of a batch keep the training within numbers, those that were
// gathered do not keep the network.
const std::vector<std::string> kRuined{"model.encoder_layers=4", "model.blocks=4",         "model.time_mixer=conv",
                                       "model.freq_mixer=conv",  "train.average=0.0",      "train.learning_rate=1.0",
                                       "train.warmup_steps=0",   "train.validate_every=2", "train.decay=0.0"};

TEST_F(ReleaseTest, NothingWhereNoNetworkMakesNumbers) {
  auto settings = kRuined;
  settings.push_back("train.steps=4");
  const std::string said = refusal(recipe("ruined", settings), false, ExitCode::kTraining);
  EXPECT_NE(said.find("no model is written"), std::string::npos) << said;
  EXPECT_NE(said.find("train.learning_rate=0.1"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(path("ruined") / "tiny.safetensors"));
  EXPECT_TRUE(fs::exists(path("ruined") / "last.ckpt"));
  EXPECT_NE(read_text(path("ruined") / "curve.csv").find(",nan,nan,nan,nan,"), std::string::npos);
  const std::string again = refusal(recipe("ruined", settings), true, ExitCode::kTraining);
  EXPECT_NE(again.find("no model is written"), std::string::npos) << again;
}

// A loss whose weight takes it out of range at one batch fails at the full rate and again at the lower one. Between
// them the same steps are done again at that rate, after which the network is worse than it was.
TEST_F(ReleaseTest, GoingBackKeepsTheBestModel) {
  std::string said;
  long failed = 0;  // step
  for (double weight = 3e38; failed < 4 && weight > 1e34; weight *= 0.6) {
    fs::remove_all(path("back"));
    const Recipe r = recipe("back", {fmt::format("loss.magnitude={}", weight), "loss.complex=0", "train.average=0.0",
                                     "train.learning_rate=0.01", "train.warmup_steps=0", "train.validate_every=1",
                                     "train.checkpoint_every=1000", "train.steps=40"});
    testing::internal::CaptureStderr();
    try {
      train(r, false, ProgressStyle::kLines);
      failed = 1000;
    } catch (const Error& error) {
      failed = std::stol(std::string(error.what()).substr(5));
    }
    said = testing::internal::GetCapturedStderr();
  }
  ASSERT_GE(failed, 4) << said;
  ASSERT_LE(failed, 40) << "no weight is beyond a float at some batches only";
  const std::size_t back = said.find("the loss is not a number; back to step 1,");
  ASSERT_NE(back, std::string::npos) << said;
  double before = -1e9, after = -1e9;
  for (std::size_t at = 0; (at = said.find(", SI-SDR ", at)) != std::string::npos; ++at) {
    const double si_sdr_db = std::strtod(said.c_str() + at + 9, nullptr);
    const double stoi = std::strtod(said.c_str() + said.find(", STOI ", at) + 7, nullptr);
    double& best = at < back ? before : after;
    best = std::max(best, si_sdr_db + 20 * stoi);
  }
  ASSERT_GT(before, after + 0.02) << "the lower rate was better: this test shows nothing\n" << said;
  const auto told = parse_json(read_stored_model(path("back") / "tiny.safetensors").provenance);
  EXPECT_NEAR(told.at("valid_si_sdr_db").get<double>() + 20 * told.at("valid_stoi").get<double>(), before, 0.02)
      << said;
}

TEST_F(ReleaseTest, FilesOfOthersStay) {
  const auto expect_kept = [&](const std::string& folder, const std::string& name) {
    fs::create_directories(path(folder));
    write_text(path(folder) / name, "mine");
    const std::string start = Recipe::setting("train.start", path("first/tiny.safetensors").string());
    for (const bool resume : {false, true}) {
      const std::string said = refusal(recipe(folder, {start}), resume, ExitCode::kOutput);
      EXPECT_NE(said.find((path(folder) / name).string() + ": is there already"), std::string::npos) << said;
      EXPECT_NE(said.find("train.output"), std::string::npos) << said;
      EXPECT_EQ(read_text(path(folder) / name), "mine");
      EXPECT_EQ(std::distance(fs::directory_iterator(path(folder)), fs::directory_iterator()), 1) << "it left a file";
    }
  };
  train(recipe("first"), false, ProgressStyle::kNone);
  expect_kept("models", "tiny.safetensors");
  expect_kept("recipe", "recipe.toml");
  expect_kept("curve", "curve.csv");
  expect_kept("page", "curve.html");
  expect_kept("start", "start.safetensors");
  fs::create_directories(path("beside"));
  write_text(path("beside") / "other.safetensors", "mine");
  train(recipe("beside"), false, ProgressStyle::kNone);
  EXPECT_EQ(read_text(path("beside") / "other.safetensors"), "mine");
}

// A training that ended before its first checkpoint is begun anew without a question.
TEST_F(ReleaseTest, OwnFilesWithoutACheckpointAreNobodys) {
  train(recipe("early"), false, ProgressStyle::kNone);
  fs::remove(path("early") / "last.ckpt");
  fs::remove(path("early") / "tiny.safetensors");
  EXPECT_EQ(train(recipe("early", {"train.seed=2"}), false, ProgressStyle::kNone).steps, 10);
}

TEST_F(ReleaseTest, WhereAModelLiesACheckpointDoes) {
  const Recipe r = recipe("killed", {"train.steps=1000000", "train.checkpoint_every=1000000"});
  write_text(path("killed.toml"), r.to_toml());
  cli::Started started({"train", path("killed.toml").string()}, {});
  for (int i = 0; i < 3000 && !fs::exists(path("killed") / "tiny.safetensors"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(started.process(), SIGKILL);
  started.wait();
  ASSERT_TRUE(fs::exists(path("killed") / "tiny.safetensors"));
  const long step = std::stol(read_tensor_file(path("killed") / "last.ckpt").meta("step"));
  Recipe on = r;
  on.train.steps = int(step) + 1;
  EXPECT_EQ(train(on, true, ProgressStyle::kNone).steps, step + 1);
}

}  // namespace
}  // namespace pellucid::training
