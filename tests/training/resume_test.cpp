// A training that was stopped or killed goes on as if nothing had happened.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tiny_training.hpp"
#include "training/checkpoint.hpp"
#include "training/stored_model.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using corpus::test::read_text;
using corpus::test::write_text;

class ResumeTest : public TinyTraining {
 protected:
  static void SetUpTestSuite() {
    make_tiny("optimizer = \"muon\"\nsteps = 40\nvalidate_every = 20\nvalid_pairs = 2\n");
  }
  // The curve without the columns that tell the time.
  static std::string curve(const std::string& output) {
    std::istringstream in(read_text(path(output) / "curve.csv"));
    std::string out;
    for (std::string line; std::getline(in, line);) {
      for (int i = 0; i < 3; ++i) line.resize(line.rfind(','));
      out += line + "\n";
    }
    return out;
  }
  static std::vector<float> stored(const std::string& output, const std::string& name) {
    const auto file = read_tensor_file(path(output) / "last.ckpt");
    for (const auto& a : file.arrays)
      if (a.name == name) return a.values;
    return {};
  }
  static std::vector<float> weights(const std::string& output) { return stored(output, "average"); }
};

TEST_F(ResumeTest, KilledAndResumedEqualsUnbroken) {
  train(recipe("unbroken"), false, ProgressStyle::kNone);
  const std::string expected = curve("unbroken");
  EXPECT_NE(expected.find("\n40,"), std::string::npos) << expected;

  const std::string toml = path("tiny.toml").string(),
                    output = Recipe::setting("train.output", path("killed").string()),
                    corpus = Recipe::setting("train.corpus", path("corpus").string());
  const pid_t child = fork();
  if (child == 0) {
    execl(PELLUCID_TRAIN_PROGRAM, "pellucid-train", toml.c_str(), "--set", output.c_str(), "--set", corpus.c_str(),
          nullptr);
    _exit(127);
  }
  // Killed as soon as there is a checkpoint, wherever it is then.
  for (int i = 0; i < 3000 && !fs::exists(path("killed") / "last.ckpt"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(fs::exists(path("killed") / "last.ckpt"));
  train(recipe("killed"), true, ProgressStyle::kNone);
  EXPECT_EQ(curve("killed"), expected);
  EXPECT_EQ(weights("killed"), weights("unbroken"));
}

// From step 20 on in all of them.
TEST_F(ResumeTest, StatisticsStayFixedAlsoOverAResume) {
  const auto half = [](const std::string& output, int steps, double share, bool resume) {
    train(recipe(output, {fmt::format("train.steps={}", steps), fmt::format("train.fixed_statistics={}", share),
                          "train.decay=0.0"}),
          resume, ProgressStyle::kNone);
  };
  half("unbroken-fixed", 40, 0.5, false);
  const auto statistics = stored("unbroken-fixed", "buffers");
  half("fixed", 20, 0, false);
  EXPECT_NE(stored("fixed", "buffers"), statistics);
  EXPECT_EQ(stored("fixed", "average_buffers"), statistics);
  half("fixed", 30, 0.34, true);
  EXPECT_EQ(stored("fixed", "buffers"), statistics);
  half("fixed", 40, 0.5, true);
  EXPECT_EQ(stored("fixed", "buffers"), statistics);
  EXPECT_EQ(weights("fixed"), weights("unbroken-fixed"));
}

TEST_F(ResumeTest, WhatAStartGaveIsThereOverAResumeWithoutIt) {
  EXPECT_NE(refusal(recipe("none", {"train.fixed_statistics=1.0"}), false, ExitCode::kRecipe).find("train.start"),
            std::string::npos);
  const fs::path from = train(recipe("from", {"train.steps=10"}), false, ProgressStyle::kNone).model;
  const auto own = [&](int steps) { return fmt::format("train.steps={}", steps); };
  const std::string start = Recipe::setting("train.start", from.string());
  train(recipe("started", {own(10), start, "train.fixed_statistics=1.0"}), false, ProgressStyle::kNone);
  fs::remove(from);
  EXPECT_EQ(train(recipe("started", {own(20), "train.fixed_statistics=1.0"}), true, ProgressStyle::kNone).steps, 20);
}

TEST_F(ResumeTest, TheResultTellsOfTheModelThatIsReleased) {
  // A rate that ruins the network after its first validation.
  const std::vector<std::string> wild{"train.validate_every=10", "train.steps=40", "train.learning_rate=0.3",
                                      "train.average=0.1", "train.warmup_steps=30"};
  const TrainResult result = train(recipe("ruined", wild), false, ProgressStyle::kNone);
  const auto told = nlohmann::json::parse(read_stored_model(result.model).provenance);
  EXPECT_EQ(result.steps, 40);
  EXPECT_LT(result.best_step, 40) << "the last was best: this test shows nothing";
  EXPECT_EQ(result.best_step, told["step"]);
  EXPECT_EQ(result.si_sdr_db, told["valid_si_sdr_db"]);
  EXPECT_EQ(result.stoi, told["valid_stoi"]);
  const TrainResult again = train(recipe("ruined", wild), true, ProgressStyle::kNone);
  EXPECT_EQ(again.si_sdr_db, result.si_sdr_db);
}

TEST_F(ResumeTest, ATeacherIsKnownByItsWeightsNotByItsName) {
  const fs::path a = train(recipe("a", {"train.steps=10"}), false, ProgressStyle::kNone).model;
  const fs::path b = train(recipe("b", {"train.steps=10", "train.seed=2"}), false, ProgressStyle::kNone).model;
  const fs::path copy = path("copy.safetensors");
  fs::copy_file(a, copy);
  const auto taught = [&](const fs::path& teacher, int steps) {
    return recipe("taught",
                  {Recipe::setting("distill.teacher", teacher.string()), fmt::format("train.steps={}", steps)});
  };
  train(taught(a, 10), false, ProgressStyle::kNone);
  EXPECT_EQ(train(taught(copy, 20), true, ProgressStyle::kNone).steps, 20);
  fs::copy_file(b, copy, fs::copy_options::overwrite_existing);
  EXPECT_NE(refusal(taught(copy, 30), true, ExitCode::kTraining).find("another teacher"), std::string::npos);
  EXPECT_NE(refusal(recipe("taught", {"train.steps=30"}), true, ExitCode::kTraining).find("checksum none"),
            std::string::npos);
}

TEST_F(ResumeTest, LoaderThreadsDoNotMatter) {
  train(recipe("one", {"train.loader_workers=1", "train.steps=10"}), false, ProgressStyle::kNone);
  train(recipe("three", {"train.loader_workers=3", "train.steps=10"}), false, ProgressStyle::kNone);
  EXPECT_EQ(weights("one"), weights("three"));
}

// The same pairs but for rounding.
TEST_F(ResumeTest, WhoMixesHardlyMatters) {
  train(recipe("loader", {"train.steps=10"}), false, ProgressStyle::kNone);
  train(recipe("device", {"train.mixing=device", "train.steps=10"}), false, ProgressStyle::kNone);
  train(recipe("others", {"mix.snr_min_db=-4", "train.steps=10"}), false, ProgressStyle::kNone);
  const auto from_loader = [](const std::string& output) {
    const auto a = weights("loader"), b = weights(output);
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) squares += std::pow(double(a[i]) - double(b.at(i)), 2);
    return std::sqrt(squares);
  };
  EXPECT_GT(from_loader("device"), 0);
  EXPECT_LT(from_loader("device"), 0.01 * from_loader("others"));
}

TEST_F(ResumeTest, RefusesWhatWouldLoseWork) {
  train(recipe("done", {"train.steps=10"}), false, ProgressStyle::kNone);
  EXPECT_NE(refusal(recipe("done"), false, ExitCode::kOutput).find("--resume"), std::string::npos);
  EXPECT_NE(refusal(recipe("done", {"model.channels=5"}), true, ExitCode::kTraining).find("model.channels"),
            std::string::npos);
  const fs::path checkpoint = path("done") / "last.ckpt";
  std::string bytes = read_text(checkpoint);
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 4);
  write_text(checkpoint, bytes);
  EXPECT_NE(refusal(recipe("done"), true, ExitCode::kTraining).find("checksum"), std::string::npos);
  write_text(checkpoint, bytes.substr(0, bytes.size() / 2));
  refusal(recipe("done"), true, ExitCode::kTraining);
}

// Without warm-up the first step at this rate makes the loss two hundred times what it was, at a quarter of it not
// even twice; the loss's weight is such that only the first is beyond a float.
TEST_F(ResumeTest, GoesBackOnceWithALowerRateWhenTheLossIsNoNumber) {
  const std::vector<std::string> wild{"train.steps=6", "train.learning_rate=1.0", "train.warmup_steps=0",
                                      "loss.magnitude=1e37"};
  testing::internal::CaptureStderr();
  train(recipe("wild", wild), false, ProgressStyle::kLines);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("step 2: the loss is not a number; back to step 0, on with 0.25 of the learning rate"),
            std::string::npos)
      << said;
  const auto checkpoint = read_tensor_file(path("wild") / "last.ckpt");
  EXPECT_EQ(checkpoint.meta("step"), "6");
  EXPECT_EQ(checkpoint.meta("rate_factor"), "0.25");
}

TEST_F(ResumeTest, GivesUpWhenTheLowerRateDoesNotHelp) {
  const std::vector<std::string> hopeless{"loss.magnitude=3.4e38"};
  EXPECT_NE(refusal(recipe("hopeless", hopeless), false, ExitCode::kTraining).find("train.learning_rate=0.0002"),
            std::string::npos);
}

TEST_F(ResumeTest, SaysWhatIsWrongWithTheCorpus) {
  Recipe r = recipe("none");
  r.train.corpus = path("nowhere").string();
  EXPECT_FALSE(refusal(r, false, ExitCode::kCorpus).empty());
  r = recipe("none");
  r.model.sample_rate_hz = 8000;
  EXPECT_NE(refusal(r, false, ExitCode::kCorpus).find("16000"), std::string::npos);
  EXPECT_FALSE(fs::exists(path("none")));
}

TEST_F(ResumeTest, SaysThatThereIsNoNoise) {
  corpus::PrepareOptions options = corpus::test::options_for(folder_->path(), path("quiet"));
  std::erase_if(options.folders, [](const auto& f) { return f.kind == corpus::Kind::kNoise; });
  corpus::prepare(options, {});
  Recipe r = recipe("none");
  r.train.corpus = options.out.string();
  const std::string said = refusal(r, false, ExitCode::kCorpus);
  EXPECT_NE(said.find("no noise"), std::string::npos) << said;
  EXPECT_NE(said.find("65 %"), std::string::npos) << said;
  EXPECT_NE(said.find("mix.synthetic_probability=0.9"), std::string::npos) << said;
  r = recipe("synthetic", {"train.steps=1", "mix.synthetic_probability=0.9"});
  r.train.corpus = options.out.string();
  EXPECT_EQ(train(r, false, ProgressStyle::kNone).steps, 1L) << "what the sentence advises does not help";
}

TEST_F(ResumeTest, SaysThatOneSpeakerIsTooFew) {
  corpus::PrepareOptions options = corpus::test::options_for(folder_->path(), path("alone"));
  options.folders[0].path = path("speech") / "speaker0";
  options.shares.valid = 0;  // with a share for validation `prepare` refuses it
  corpus::prepare(options, {});
  Recipe r = recipe("none");
  r.train.corpus = options.out.string();
  const std::string said = refusal(r, false, ExitCode::kCorpus);
  EXPECT_NE(said.find("more speakers"), std::string::npos) << said;
}

TEST_F(ResumeTest, RefusesARecipeForALargerMachine) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string said = refusal(recipe("none", {"train.batch=4096", "train.chunk_s=60.0", "train.replicas=256"}),
                                   false, ExitCode::kRecipe);
  EXPECT_NE(said.find("train.batch"), std::string::npos) << said;
  EXPECT_NE(said.find("256 replicas of 4096 chunks of 60 s"), std::string::npos) << said;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << "it took memory before it counted";
  EXPECT_FALSE(fs::exists(path("none")));
}

TEST_F(ResumeTest, WritesCurvesAndAModel) {
  const TrainResult result = train(recipe("page", {"train.steps=20"}), false, ProgressStyle::kNone);
  EXPECT_TRUE(fs::exists(result.model));
  const std::string page = read_text(path("page") / "curve.html");
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("http-equiv='refresh'"), std::string::npos) << "a finished training's page still reloads";
  EXPECT_EQ(page.find("src="), std::string::npos) << "the page is not self-contained";
}

TEST_F(ResumeTest, AnotherNameIsAnotherModel) {
  train(recipe("named", {"train.steps=10"}), false, ProgressStyle::kNone);
  const TrainResult result = train(recipe("named", {"train.steps=10", "name=a<b"}), true, ProgressStyle::kNone);
  EXPECT_EQ(result.model.filename(), "a<b.safetensors");
  EXPECT_TRUE(fs::exists(result.model));
  train(recipe("named", {"train.steps=20", "name=a<b"}), true, ProgressStyle::kNone);
  EXPECT_NE(read_text(path("named") / "curve.html").find("<h1>a&lt;b</h1>"), std::string::npos);
  const fs::path theirs = path("named") / "theirs.safetensors";
  write_text(theirs, "mine");
  const std::string said = refusal(recipe("named", {"name=theirs"}), true, ExitCode::kOutput);
  EXPECT_NE(said.find(theirs.string()), std::string::npos) << said;
  EXPECT_NE(said.find("called a<b so far"), std::string::npos) << said;
  EXPECT_EQ(read_text(theirs), "mine");
}

TEST_F(ResumeTest, ABestScoreIsOfItsPairsAlone) {
  const fs::path file_path = path("score.ckpt");
  const Recipe r = recipe("score"), elsewhere = recipe("score", {"train.corpus=other"});
  State state;
  state.best_score = 7;
  state.corpus = 1;
  save_checkpoint(file_path, r, state);
  EXPECT_EQ(load_checkpoint(file_path, r, 0, 1, 0, 0).best_score, 7);
  EXPECT_EQ(load_checkpoint(file_path, elsewhere, 0, 1, 0, 0).best_score, 7) << "the same corpus at another place";
  EXPECT_LT(load_checkpoint(file_path, r, 0, 2, 0, 0).best_score, -1e6) << "another corpus at the same place";
  EXPECT_LT(load_checkpoint(file_path, recipe("score", {"train.valid_pairs=3"}), 0, 1, 0, 0).best_score, -1e6);
  // As checkpoints had it that know a corpus by its path.
  TensorFile file = read_tensor_file(file_path);
  for (auto& [key, value] : file.metadata)
    if (key == "measured_on") value = "2 pairs of " + r.train.corpus;
  write_tensor_file(file_path, file);
  EXPECT_EQ(load_checkpoint(file_path, r, 0, 1, 0, 0).best_score, 7);
  EXPECT_LT(load_checkpoint(file_path, elsewhere, 0, 1, 0, 0).best_score, -1e6);
}

}  // namespace
}  // namespace pellucid::training
