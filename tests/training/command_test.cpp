// `pellucid train` as a user meets it: through the program that does not load LibTorch, by exit code and sentence.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;
using corpus::test::write_text;

class TrainCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    corpus::test::make_recordings(folder_.path());
    corpus::prepare(corpus::test::options_for(folder_.path(), folder_.path() / "corpus"), {});
    write_text(recipe_,
               "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 4\nbands = 5\nwidth = 6\nhidden = 6\n"
               "blocks = 1\n[train]\nsteps = 12\nbatch = 2\nchunk_s = 0.25\nwarmup_steps = 5\nvalidate_every = 10\n"
               "checkpoint_every = 5\nvalid_pairs = 2\n");
  }
  Ran train(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"train",    recipe_.string(),
                                       "--corpus", (folder_.path() / "corpus").string(),
                                       "--out",    (folder_.path() / "out").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }

  corpus::test::TempFolder folder_;
  fs::path recipe_ = folder_.path() / "tiny.toml";
};

TEST_F(TrainCommandTest, TrainsAModelThatInfoReads) {
  const Ran run = train({"--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.output.find("\"steps\": 12"), std::string::npos) << run.output;
  const fs::path model = folder_.path() / "out" / "tiny.safetensors";
  const Ran info = run_program({"info", model.string(), "--json"});
  EXPECT_EQ(info.code, 0) << info.error;
  EXPECT_EQ(cli::slurp(model).find(folder_.path().string()), std::string::npos) << "the model tells a machine's paths";
  const Ran again = train({});
  EXPECT_EQ(again.code, 7) << again.error;
  EXPECT_NE(again.error.find("--resume"), std::string::npos);
}

TEST_F(TrainCommandTest, SaysWhatIsWrong) {
  EXPECT_EQ(run_program({"train"}).code, 2);
  EXPECT_EQ(train({"--resum"}).code, 2);
  const Ran key = train({"--set", "train.step=3"});
  EXPECT_EQ(key.code, 6);
  EXPECT_NE(key.error.find("train.steps"), std::string::npos) << key.error;
  EXPECT_EQ(train({"--device", "cuda"}).code, 6) << "this test knows no machine with a CUDA build of LibTorch";
  const Ran corpus = run_program({"train", recipe_.string(), "--corpus", "/nowhere", "--out", "x"});
  EXPECT_EQ(corpus.code, 8) << corpus.error;
  EXPECT_EQ(run_program({"train", "/nowhere.toml"}).code, 6);
  EXPECT_FALSE(fs::exists(folder_.path() / "out"));
}

TEST_F(TrainCommandTest, CtrlCKeepsACheckpoint) {
  cli::Started started({"train", recipe_.string(), "--corpus", (folder_.path() / "corpus").string(), "--out",
                        (folder_.path() / "out").string(), "--set", "train.steps=1000000"},
                       {});
  for (int i = 0; i < 3000 && !fs::exists(folder_.path() / "out" / "last.ckpt"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(started.process(), SIGINT);
  const Ran run = started.wait();
  EXPECT_EQ(run.code, 130) << run.error;
  EXPECT_NE(run.error.find("go on with --resume"), std::string::npos) << run.error;
  const Ran other = train({"--resume", "--set", "model.channels=5"});
  EXPECT_EQ(other.code, 9) << other.error;
  EXPECT_NE(other.error.find("model.channels"), std::string::npos) << other.error;
}

}  // namespace
}  // namespace pellucid::training
