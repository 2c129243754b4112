// `pellucid prune` as a user meets it, on a network that the test trains.
#include "training/prune.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "training/blocks.hpp"
#include "training/export.hpp"
#include "training/provenance.hpp"
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
  // As soon as it has written `begun`.
  static void start_and_kill(const std::vector<std::string>& words, const fs::path& begun) {
    cli::Started started(words, {});
    for (int i = 0; i < 6000 && !fs::exists(begun); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(started.process(), SIGKILL);
    started.wait();
    ASSERT_TRUE(fs::exists(begun));
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

TEST_F(PruneTest, EveryCutHasItsOwnMixtures) {
  ASSERT_EQ(run_program(arguments(model(), "parts.safetensors")).code, 0);
  const auto told = nlohmann::json::parse(read_stored_model(path("parts.safetensors")).provenance);
  // The second cut began from its cut model, which was cut from what the first one trained.
  const std::vector<int> seeds{told["seed"], told["start"]["start"]["seed"],
                               told["start"]["start"]["start"]["start"]["seed"]};
  EXPECT_EQ(seeds[2], 1) << "of the model that was pruned";
  EXPECT_EQ(seeds[1], seed_of_part(1, 1));
  EXPECT_EQ(seeds[0], seed_of_part(1, 2));
}

TEST_F(PruneTest, GoesOnWithTheSameInputsOnly) {
  corpus::PrepareOptions changed = corpus::test::options_for(folder_->path(), path("other"));
  changed.shares.seed += 1;
  corpus::prepare(changed, {});
  fs::copy_file(model(), path("teacher.safetensors"));
  const std::vector<std::string> taught{
      "--set", Recipe::setting("distill.teacher", path("teacher.safetensors").string()), "--resume"};
  start_and_kill(arguments(model(), "inputs.safetensors", taught), path("inputs.safetensors.work/cut-1/last.ckpt"));
  auto elsewhere = arguments(model(), "inputs.safetensors", taught);
  std::replace(elsewhere.begin(), elsewhere.end(), path("corpus").string(), path("other").string());
  expect_refused(run_program(elsewhere), 9, "another corpus", "inputs.safetensors");
  fs::copy_file(path("inputs.safetensors.work") / "cut-1" / ".cut.safetensors", path("teacher.safetensors"),
                fs::copy_options::overwrite_existing);
  expect_refused(run_program(arguments(model(), "inputs.safetensors", taught)), 9, "other options",
                 "inputs.safetensors");
  fs::copy_file(model(), path("teacher.safetensors"), fs::copy_options::overwrite_existing);
  const Ran resumed = run_program(arguments(model(), "inputs.safetensors", taught));
  EXPECT_EQ(resumed.code, 0) << resumed.error;
}

// Which told nothing of its corpus, and trained every cut with the seed of the model.
TEST_F(PruneTest, GoesOnWithAPruningOfAnEarlierVersion) {
  const fs::path work = path("older.safetensors.work");
  start_and_kill(arguments(model(), "older.safetensors"), work / "plan.json");
  auto plan = nlohmann::ordered_json::parse(corpus::test::read_text(work / "plan.json"));
  ASSERT_EQ(plan.erase("corpus"), 1U);
  fs::remove_all(work);
  fs::create_directories(work);
  corpus::test::write_text(work / "plan.json", plan.dump(1) + "\n");
  const Ran run = run_program(arguments(model(), "older.safetensors", {"--resume"}));
  ASSERT_EQ(run.code, 0) << run.error;
  const auto told = nlohmann::json::parse(read_stored_model(path("older.safetensors")).provenance);
  EXPECT_EQ(told["seed"], 1);
  EXPECT_EQ(told["start"]["start"]["seed"], 1);
}

TEST_F(PruneTest, KilledAndResumedEqualsUnbroken) {
  for (const std::vector<std::string>& kind : {std::vector<std::string>{}, {"--blocks", "8x4"}}) {
    const std::string unbroken = fmt::format("unbroken{}.safetensors", kind.size()),
                      killed =
                          kind.empty() ? "cut.safetensors" : "killed.safetensors";  // "cut": as its parts are called
    std::vector<std::string> resume = kind;
    resume.push_back("--resume");
    ASSERT_EQ(run_program(arguments(model(), unbroken, kind)).code, 0);
    start_and_kill(arguments(model(), killed, kind), path(killed + ".work") / "cut-1" / "last.ckpt");
    EXPECT_FALSE(fs::exists(path(killed)));
    expect_refused(run_program(arguments(model(), killed, kind)), 7, "--resume", killed);
    expect_refused(run_program(arguments(model(), killed, resume, "1.7")), 9, "other options", killed);
    const Ran run = run_program(arguments(model(), killed, resume));
    ASSERT_EQ(run.code, 0) << run.error;
    const StoredModel a = read_stored_model(path(unbroken)), b = read_stored_model(path(killed));
    ASSERT_EQ(a.tensors.size(), b.tensors.size());
    for (std::size_t i = 0; i < a.tensors.size(); ++i)
      EXPECT_TRUE(torch::equal(a.tensors[i].second, b.tensors[i].second));
  }
}

std::size_t groups_in(const StoredModel& model, int outputs) {
  return total(block_matrices(model.architecture, model.tensors, outputs)).groups;
}

TEST_F(PruneTest, CutsBlocksOut) {
  for (const std::string blocks : {"8x4", "16x4"}) {
    const std::string out = "sparse" + blocks + ".safetensors";
    const Ran run = run_program(arguments(model(), out, {"--json", "--blocks", blocks}));
    ASSERT_EQ(run.code, 0) << run.error;
    const auto result = nlohmann::json::parse(run.output);
    const auto told = nlohmann::json::parse(run_program({"info", path(out).string(), "--json"}).output);
    for (const char* key : {"multiply_adds_per_s", "parameters", "bytes"}) EXPECT_EQ(told[key], result["after"][key]);
    const double fewer =
        result["before"]["multiply_adds_per_s"].get<double>() / result["after"]["multiply_adds_per_s"].get<double>();
    EXPECT_GE(fewer, 1.6);
    EXPECT_LT(fewer, 1.8);
    EXPECT_LT(result["after"]["parameters"], result["before"]["parameters"]);
    const StoredModel sparse = read_stored_model(path(out)), whole = read_stored_model(model());
    EXPECT_TRUE(sparse.sparse);
    EXPECT_EQ(told["sparsity"]["kept"], groups_in(sparse, 8));
    EXPECT_EQ(told["sparsity"]["of"], groups_in(whole, 8));
    std::int64_t numbers = 0, zeros = 0;
    for (const auto& [name, tensor] : sparse.tensors) {
      numbers += tensor.numel();
      if (tensor.dim() > 1) zeros += (tensor == 0).sum().item<std::int64_t>();
    }
    EXPECT_EQ(std::int64_t(sparse.parameters), numbers - zeros);
    EXPECT_FALSE(fs::exists(path(out + ".work")));
  }
  const StoredModel pairs = read_stored_model(path("sparse16x4.safetensors"));
  std::size_t blocks = 0;
  for (const BlockMatrix& matrix : block_matrices(pairs.architecture, pairs.tensors, 16))
    for (const BlockGroup& group : matrix.groups) blocks += std::size_t(group.outputs) / 8;
  EXPECT_EQ(blocks, groups_in(pairs, 8)) << "a pair is torn";
}

TEST_F(PruneTest, BlocksThatAreGoneStayAway) {
  Network network(read_stored_model(model()).architecture);
  Tensors tensors = read_stored_model(model()).tensors;
  const auto all = block_matrices(network.architecture(), tensors, 8);
  BlockImportance importance;
  for (const BlockMatrix& matrix : all) importance.emplace_back(matrix.groups.size(), 1.0);
  network.load(give_up(all, importance, most_saved(all) / 2, tensors));
  corpus::test::write_text(path("start.safetensors"), encode_model(network, "start", "{}", true));
  const StoredModel start = read_stored_model(path("start.safetensors"));
  for (const std::string optimizer : {"adamw", "muon"}) {
    const fs::path out = path("on-" + optimizer);
    const auto go = [&](bool resume, const std::vector<std::string>& more) {
      std::vector<std::string> settings{Recipe::setting("train.corpus", path("corpus").string()),
                                        Recipe::setting("train.output", out.string()), "train.optimizer=" + optimizer};
      settings.insert(settings.end(), more.begin(), more.end());
      train(Recipe::load(path("tiny.toml"), settings), resume, ProgressStyle::kNone);
    };
    go(false, {"train.steps=6", Recipe::setting("train.start", path("start.safetensors").string())});
    go(true, {"train.steps=9", "train.validate_every=1"});  // what it began from is known
    const StoredModel trained = read_stored_model(out / "tiny.safetensors");
    EXPECT_TRUE(trained.sparse);
    EXPECT_NE(trained.provenance.find("\"start\":{\"name\":\"start\""), std::string::npos) << trained.provenance;
    EXPECT_EQ(trained.multiply_adds, start.multiply_adds);
    for (std::size_t i = 0; i < trained.tensors.size(); ++i) {
      const torch::Tensor &before = start.tensors[i].second, &after = trained.tensors[i].second;
      EXPECT_FALSE(torch::equal(before, after)) << trained.tensors[i].first << " was not trained";
      EXPECT_TRUE(before.dim() == 1 || torch::equal(before == 0, after == 0)) << trained.tensors[i].first;
    }
  }
}

TEST_F(PruneTest, GivesUpWhatLosesLeastForEachMultiplyAdd) {
  const StoredModel whole = read_stored_model(model());
  torch::manual_seed(3);
  for (const int outputs : {8, 16}) {
    const auto all = block_matrices(whole.architecture, whole.tensors, outputs);
    BlockImportance importance;
    for (const BlockMatrix& matrix : all) {
      importance.emplace_back();
      for (std::size_t g = 0; g < matrix.groups.size(); ++g)
        importance.back().push_back(torch::rand({1}).item<double>());
    }
    const std::uint64_t wanted = total(all).multiply_adds / 3;
    const auto left = block_matrices(whole.architecture, give_up(all, importance, wanted, whole.tensors), outputs);
    EXPECT_LE(total(left).multiply_adds, total(all).multiply_adds - wanted);
    EXPECT_GT(total(left).multiply_adds, total(all).multiply_adds - wanted - 2 * 32 * 64)
        << "more was taken than a group too much";
    double dearest_gone = 0, cheapest_left = HUGE_VAL;
    ASSERT_EQ(left.size(), all.size());
    for (std::size_t m = 0; m < all.size(); ++m) {
      EXPECT_GE(left[m].groups.size(), all[m].fewest);
      for (std::size_t g = 0, l = 0; g < all[m].groups.size(); ++g) {
        const BlockGroup& group = all[m].groups[g];
        const double lost = importance[m][g] / double(group.multiply_adds);
        const bool stays = l < left[m].groups.size() && left[m].groups[l].output == group.output &&
                           left[m].groups[l].input == group.input;
        l += stays ? 1 : 0;
        if (!stays) dearest_gone = std::max(dearest_gone, lost);
        if (stays && left[m].groups.size() > all[m].fewest) cheapest_left = std::min(cheapest_left, lost);
      }
    }
    EXPECT_LE(dearest_gone, cheapest_left);
    const auto least = block_matrices(whole.architecture, give_up(all, importance, UINT64_MAX, whole.tensors), outputs);
    for (std::size_t m = 0; m < all.size(); ++m) EXPECT_EQ(least[m].groups.size(), all[m].fewest);
    EXPECT_GE(total(all).multiply_adds - total(least).multiply_adds, most_saved(all));
  }
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
  expect_refused(run_program(arguments(model(), "f", {"--blocks", "8x4"}, "100")), 2, "cannot be met", "f");
  expect_refused(run_program(arguments(model(), "g", {"--blocks", "8x4", "--importance", "ablation"})), 2, "ablation",
                 "g");
  expect_refused(run_program(arguments(model(), "h", {"--blocks", "8x4", "--structured"})), 2, "--structured", "h");
  expect_refused(run_program(arguments(model(), "i", {"--blocks", "4x8"})), 2, "--blocks", "i");

  // Blocks are zeros to what follows: integers take them as such, and units are not cut out of them.
  Network network(read_stored_model(model()).architecture);
  Tensors halved = read_stored_model(model()).tensors;
  halved[0].second.narrow(2, 0, 4).zero_();
  network.load(halved);
  corpus::test::write_text(path("blocks.safetensors"), encode_model(network, "blocks", "{}", true));
  ASSERT_TRUE(read_stored_model(path("blocks.safetensors")).sparse);
  expect_refused(run_program(arguments(path("blocks.safetensors"), "j")), 5, "block-sparse", "j");
  EXPECT_EQ(run_program({"quantize", path("blocks.safetensors").string(), "-o", path("k.safetensors").string(),
                         "--calibrate", noise.string()})
                .code,
            0);

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

TEST_F(PruneTest, RefusesANetworkThatMakesNoNumbers) {
  const StoredModel stored = read_stored_model(model());
  Network network(stored.architecture);
  Tensors tensors = stored.tensors;
  for (auto& [name, tensor] : tensors)
    if (name == "out.bias") tensor = torch::full_like(tensor, 1e38);
  network.load(tensors);
  corpus::test::write_text(path("ruined.safetensors"), encode_model(network, "ruined", stored.provenance));
  expect_refused(run_program(arguments(path("ruined.safetensors"), "r")), 5, "no numbers in its output", "r");
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
