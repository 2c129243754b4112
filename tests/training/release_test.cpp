// What a training writes, and what it does not: the best of its networks, and never over somebody's files.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"
#include "training/stored_model.hpp"
#include "training/tensor_file.hpp"
#include "training/trainer.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using corpus::test::read_text;
using corpus::test::write_text;

class ReleaseTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new corpus::test::TempFolder;
    corpus::test::make_recordings(folder_->path());
    corpus::prepare(corpus::test::options_for(folder_->path(), folder_->path() / "corpus"), {});
    write_text(path("tiny.toml"),
               "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 4\nbands = 5\nwidth = 6\nhidden = 6\n"
               "blocks = 1\n[train]\nsteps = 10\nbatch = 2\nchunk_s = 0.25\nwarmup_steps = 5\nvalidate_every = 5\n"
               "checkpoint_every = 10\nvalid_pairs = 4\n");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static Recipe recipe(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings{Recipe::setting("train.output", path(output).string()),
                                      Recipe::setting("train.corpus", path("corpus").string())};
    settings.insert(settings.end(), more.begin(), more.end());
    return Recipe::load(path("tiny.toml"), settings);
  }
  static std::string refusal(const Recipe& r, bool resume, ExitCode code) {
    try {
      train(r, resume, ProgressStyle::kNone);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    return "nothing was refused";
  }
  // What the training says meanwhile.
  static std::string said_by(const Recipe& r) {
    testing::internal::CaptureStderr();
    train(r, false, ProgressStyle::kLines);
    return testing::internal::GetCapturedStderr();
  }
  static corpus::test::TempFolder* folder_;
};
corpus::test::TempFolder* ReleaseTest::folder_ = nullptr;

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

}  // namespace
}  // namespace pellucid::training
