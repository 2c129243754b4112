// `pellucid prune` as a user meets it, on a network that the test trains.
#include "training/prune.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "training/export.hpp"
#include "training/stored_model.hpp"
#include "training/trainer.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;

class PruneTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new corpus::test::TempFolder;
    corpus::test::make_recordings(folder_->path());
    corpus::prepare(corpus::test::options_for(folder_->path(), path("corpus")), {});
    corpus::test::write_text(path("tiny.toml"),
                             "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 8\nbands = 6\nwidth = 8\n"
                             "hidden = 8\nblocks = 2\n[train]\nsteps = 40\nbatch = 2\nchunk_s = 0.25\n"
                             "warmup_steps = 5\nvalidate_every = 40\nvalid_pairs = 2\nlearning_rate = 4e-3\n");
    train(Recipe::load(path("tiny.toml"), {"train.corpus='" + path("corpus").string() + "'",
                                           "train.output='" + path("run").string() + "'"}),
          false, ProgressStyle::kNone);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static fs::path model() { return path("run") / "tiny.safetensors"; }
  static std::vector<std::string> arguments(const fs::path& from, const std::string& out,
                                            const std::vector<std::string>& more = {},
                                            const std::string& speed = "1.6") {
    std::vector<std::string> all{
        "prune", from.string(), "-o", path(out).string(), "--corpus", path("corpus"), "--pairs", "4", "--steps",
        "30",    "--cuts",      "2",  "--speed",          speed,      "--multiple",   "2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void expect_refused(const Ran& run, int code, const std::string& words, const std::string& out) {
    EXPECT_EQ(run.code, code) << run.error;
    EXPECT_NE(run.error.find(words), std::string::npos) << run.error;
    EXPECT_FALSE(fs::exists(path(out)));
  }
  static corpus::test::TempFolder* folder_;
};
corpus::test::TempFolder* PruneTest::folder_ = nullptr;

TEST_F(PruneTest, MakesASmallerModelThatInfoReads) {
  const Ran run = run_program(arguments(model(), "small.safetensors", {"--json"}));
  ASSERT_EQ(run.code, 0) << run.error;
  const auto result = nlohmann::json::parse(run.output);
  const Ran info = run_program({"info", path("small.safetensors").string(), "--json"});
  ASSERT_EQ(info.code, 0) << info.error;
  const auto told = nlohmann::json::parse(info.output);
  EXPECT_EQ(told["multiply_adds_per_s"], result["after"]["multiply_adds_per_s"]);
  EXPECT_EQ(fs::file_size(path("small.safetensors")), result["after"]["bytes"]);
  EXPECT_EQ(told["name"], "small");
  const double fewer =
      result["before"]["multiply_adds_per_s"].get<double>() / result["after"]["multiply_adds_per_s"].get<double>();
  EXPECT_GE(fewer, 1.6);
  EXPECT_LT(fewer, 2.2);
  EXPECT_LT(result["after"]["bytes"], result["before"]["bytes"]);
  EXPECT_EQ(told["training"]["start"]["name"], "small") << "its provenance is lost";
  EXPECT_FALSE(fs::exists(path("small.safetensors.work")));
  EXPECT_EQ(run_program(arguments(model(), "small.safetensors")).code, 7) << "it is there already";
}

TEST_F(PruneTest, KilledAndResumedEqualsUnbroken) {
  ASSERT_EQ(run_program(arguments(model(), "unbroken.safetensors")).code, 0);
  {
    cli::Started started(arguments(model(), "killed.safetensors"), {});
    const fs::path begun = path("killed.safetensors.work") / "cut-1" / "last.ckpt";
    for (int i = 0; i < 6000 && !fs::exists(begun); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(started.process(), SIGKILL);
    started.wait();
    ASSERT_TRUE(fs::exists(begun));
  }
  EXPECT_FALSE(fs::exists(path("killed.safetensors")));
  expect_refused(run_program(arguments(model(), "killed.safetensors")), 7, "--resume", "killed.safetensors");
  expect_refused(run_program(arguments(model(), "killed.safetensors", {"--resume"}, "1.7")), 9, "other options",
                 "killed.safetensors");
  const Ran run = run_program(arguments(model(), "killed.safetensors", {"--resume"}));
  ASSERT_EQ(run.code, 0) << run.error;
  const StoredModel a = read_stored_model(path("unbroken.safetensors")),
                    b = read_stored_model(path("killed.safetensors"));
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    EXPECT_TRUE(torch::equal(a.tensors[i].second, b.tensors[i].second));
}

TEST_F(PruneTest, RefusesWhatMakesNoModel) {
  expect_refused(run_program(arguments(model(), "a", {}, "1000")), 2, "cannot be met", "a");
  expect_refused(run_program(arguments(path("nowhere.safetensors"), "b")), 5, "cannot be opened", "b");
  expect_refused(run_program(arguments(model(), "c", {}, "0.5")), 2, "--speed", "c");
  const fs::path noise = path("noise") / "class0";
  ASSERT_EQ(run_program(
                {"quantize", model().string(), "-o", path("int8.safetensors").string(), "--calibrate", noise.string()})
                .code,
            0);
  expect_refused(run_program(arguments(path("int8.safetensors"), "d")), 5, "int8 model", "d");

  // A block that nothing reads: any importance would take it whole.
  const StoredModel stored = read_stored_model(model());
  Tensors tensors = stored.tensors;
  for (auto& [name, tensor] : tensors)
    if (name == "blocks.1.time.out.weight") tensor.zero_();
  Network dead(stored.architecture);
  dead.load(tensors);
  corpus::test::write_text(path("dead.safetensors"), encode_model(dead, "dead", stored.provenance));
  for (const char* kind : {"ablation", "taylor"})
    expect_refused(run_program(arguments(path("dead.safetensors"), "e", {"--importance", kind})), 9,
                   "blocks.1.time: no unit of it", "e");
}

TEST_F(PruneTest, BothKindsOfImportanceKnowWhatMatters) {
  const StoredModel stored = read_stored_model(model());
  Tensors tensors = stored.tensors;
  for (auto& [name, tensor] : tensors)
    if (name == "blocks.0.time.out.weight" || name == "blocks.0.time.weight_hh") tensor.select(1, 5).zero_();
  Network network(stored.architecture);
  network.load(tensors);
  const Units units = units_of(stored.architecture);
  Recipe recipe = Recipe::load(path("tiny.toml"));
  const auto corpus = corpus::Corpus::open(path("corpus"));
  std::size_t hidden = 0;
  while (units.groups[hidden].name != "blocks.0.time") ++hidden;
  for (const auto kind : {ImportanceKind::kAblation, ImportanceKind::kTaylor}) {
    const Importance importance = measure_importance(network, units, recipe, corpus, kind, 4, ProgressStyle::kNone);
    EXPECT_NEAR(importance[hidden][5], 0, 1e-12);
    double sum = 0;
    for (const double value : importance[0]) sum += value;
    EXPECT_GT(sum, 0);
  }
  for (const auto& [name, tensor] : network.folded())
    for (const auto& [was, before] : tensors)
      if (was == name) {
        EXPECT_TRUE(torch::allclose(tensor, before, 1e-5, 1e-7)) << name << " is not as it was";
      }
}

}  // namespace
}  // namespace pellucid::training
