// `pellucid compress` as a user meets it, on the shipped models.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;

class CompressTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new corpus::test::TempFolder;
    corpus::test::make_recordings(folder_->path());
    corpus::prepare(corpus::test::options_for(folder_->path(), path("corpus")), {});
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static std::vector<std::string> arguments(const std::string& model, const std::string& out,
                                            const std::vector<std::string>& more = {}, const char* finetune = "2") {
    std::vector<std::string> all{"compress", model,     "-o", path(out),    "--corpus", path("corpus"), "--pairs",
                                 "2",        "--steps", "4",  "--finetune", finetune,   "--cuts",       "2"};
    for (const char* setting : {"train.batch=1", "train.chunk_s=0.25", "train.valid_pairs=2"})
      all.insert(all.end(), {"--set", setting});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static std::string shipped(const char* name) { return std::string(PELLUCID_MODELS "/") + name + ".safetensors"; }
  static corpus::test::TempFolder* folder_;
};
corpus::test::TempFolder* CompressTest::folder_ = nullptr;

TEST_F(CompressTest, EndsWithWhatTheTargetRuns) {
  const Ran run = run_program(arguments(shipped("small"), "chip.safetensors", {"--target", "esp32", "--json"}));
  ASSERT_EQ(run.code, 0) << run.error;
  const auto steps = nlohmann::json::parse(run.output)["steps"];
  ASSERT_EQ(steps.size(), 3);
  EXPECT_GT(steps[0]["multiply_adds_per_s"], 30e6);
  for (const char* cost : {"multiply_adds_per_s", "state_bytes", "bytes"})
    EXPECT_LT(steps[1][cost], steps[0][cost]) << cost;
  EXPECT_LE(steps[2]["multiply_adds_per_s"], 10e6);
  EXPECT_EQ(steps[2]["multiply_adds_per_s"], steps[1]["multiply_adds_per_s"]);
  EXPECT_LT(steps[2]["bytes"], steps[1]["bytes"]);
  for (const auto& step : steps) EXPECT_NE(step["si_sdr_db"], step["noisy"]["si_sdr_db"]);
  const Ran info = run_program({"info", path("chip.safetensors").string(), "--json"});
  ASSERT_EQ(info.code, 0) << info.error;
  const auto told = nlohmann::json::parse(info.output);
  EXPECT_EQ(told["arithmetic"], "int8");
  EXPECT_EQ(told["bytes"], steps[2]["bytes"]);
  EXPECT_EQ(told["state_bytes"], steps[2]["state_bytes"]);
  EXPECT_FALSE(fs::exists(path("chip.safetensors.work")));
  EXPECT_EQ(run_program(arguments(shipped("small"), "chip.safetensors", {"--target", "esp32"})).code, 7)
      << "it is there already";
}

TEST_F(CompressTest, HalvesTheBytesForAPage) {
  const Ran run = run_program(arguments(shipped("nano"), "page.safetensors", {"--target", "browser", "--json"}));
  ASSERT_EQ(run.code, 0) << run.error;
  const auto steps = nlohmann::json::parse(run.output)["steps"];
  ASSERT_EQ(steps.size(), 2) << "nano is cheap enough as it is";
  EXPECT_EQ(steps[1]["multiply_adds_per_s"], steps[0]["multiply_adds_per_s"]);
  EXPECT_LT(steps[1]["bytes"], 0.55 * steps[0]["bytes"].get<double>());
  EXPECT_NEAR(steps[1]["stoi"], steps[0]["stoi"], 0.001);
  EXPECT_EQ(fs::file_size(path("page.safetensors")), steps[1]["bytes"]);
}

TEST_F(CompressTest, KilledAndResumedEqualsUnbroken) {
  const auto words = [](const std::string& model, const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> all = arguments(shipped(model.c_str()), out, more, "0");
    all.insert(all.end(), {"--target", "cortex-m4"});
    return all;
  };
  ASSERT_EQ(run_program(words("nano", "unbroken.safetensors", {})).code, 0);
  const fs::path work = path("killed.safetensors.work");
  {
    cli::Started started(words("nano", "killed.safetensors", {}), {});
    for (int i = 0; i < 6000 && !fs::exists(work / "pairs"); ++i) ::usleep(10000);
    ::kill(started.process(), SIGKILL);
    started.wait();
    ASSERT_TRUE(fs::exists(work / "pairs"));
  }
  EXPECT_FALSE(fs::exists(path("killed.safetensors")));
  const Ran refused = run_program(words("nano", "killed.safetensors", {}));
  EXPECT_EQ(refused.code, 7);
  EXPECT_NE(refused.error.find("--resume"), std::string::npos) << refused.error;
  EXPECT_EQ(run_program(words("small", "killed.safetensors", {"--resume"})).code, 9) << "another model";
  corpus::PrepareOptions other = corpus::test::options_for(folder_->path(), path("other"));
  other.shares.seed += 1;
  corpus::prepare(other, {});
  std::vector<std::string> elsewhere = words("nano", "killed.safetensors", {"--resume"});
  std::replace(elsewhere.begin(), elsewhere.end(), path("corpus").string(), path("other").string());
  const Ran another = run_program(elsewhere);
  EXPECT_EQ(another.code, 9) << another.error;
  EXPECT_NE(another.error.find("another corpus"), std::string::npos) << another.error;
  // A plan of an earlier version tells nothing of the corpus.
  auto plan = nlohmann::ordered_json::parse(cli::slurp(work / "plan.json"));
  EXPECT_EQ(plan.erase("corpus") + plan.erase("teacher"), 2U);
  corpus::test::write_text(work / "plan.json", plan.dump(1) + "\n");
  const Ran resumed = run_program(words("nano", "killed.safetensors", {"--resume"}));
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_TRUE(cli::slurp(path("killed.safetensors")) == cli::slurp(path("unbroken.safetensors")));
}

TEST_F(CompressTest, RefusesWhatCannotBeCompressed) {
  const auto expect_refused = [](const Ran& run, int code, const std::string& words, const std::string& out) {
    EXPECT_EQ(run.code, code) << run.error;
    EXPECT_NE(run.error.find(words), std::string::npos) << run.error;
    EXPECT_FALSE(fs::exists(path(out)));
  };
  expect_refused(run_program(arguments(shipped("nano-int8"), "a", {"--target", "esp32"})), 5, "int8 model", "a");
  expect_refused(run_program(arguments(shipped("nano"), "b", {"--target", "toaster"})), 2, "--target", "b");
  expect_refused(run_program(arguments(path("nowhere.safetensors").string(), "c", {"--target", "esp32"})), 5, "nowhere",
                 "c");
  expect_refused(run_program(arguments(shipped("nano"), "d", {"--target", "esp32", "--set", "train.spede=1"})), 6,
                 "train.spede", "d");
}

}  // namespace
}  // namespace pellucid::training
