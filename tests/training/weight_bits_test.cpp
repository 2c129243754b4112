// Training with rounded weights, and `pellucid quantize --finetune`.
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "training/stored_model.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

// How far a row's numbers are from whole multiples of a 127th of its largest.
double off_grid(const Tensor& row) {
  const Tensor steps = row * 127 / row.abs().max().clamp_min(1e-12);
  return (steps - torch::round(steps)).abs().max().item<double>();
}

TEST(WeightBits, RoundEveryRowAndLetGradientsPass) {
  torch::manual_seed(3);
  torch::AutoGradMode grad(true);
  Architecture a = default_architecture();
  a.window_samples = 128;
  a.hop_samples = 64;
  a.channels = 5;
  a.bands = 6;
  a.width = 7;
  a.hidden = 8;
  Network network(a);
  network.eval();
  const Tensor features = torch::randn({8, a.positions(), 3 * a.fold});
  const Tensor before = network.forward(features, 8);
  before.square().sum().backward();
  std::map<std::string, Tensor> gradients;
  for (const auto& [name, p] : network.file_parameters()) gradients[name] = p.grad().clone();
  for (auto& p : network.parameters()) p.mutable_grad() = Tensor();
  network.set_weight_bits(8);
  const Tensor after = network.forward(features, 8);
  after.square().sum().backward();
  const double scale = before.abs().max().item<double>(), moved = (after - before).abs().max().item<double>();
  EXPECT_GT(moved, 1e-5 * scale) << "nothing was rounded";
  EXPECT_LT(moved, 0.1 * scale);
  for (const auto& [name, p] : network.file_parameters())
    EXPECT_LT((p.grad() - gradients[name]).norm().item<double>(), 0.2 * gradients[name].norm().item<double>()) << name;

  for (const auto& [name, tensor] : network.folded()) {
    if (name == "embedding" || name.find("weight") == std::string::npos) continue;
    const bool mix = name.find(".mix.") != std::string::npos;
    const Tensor rows = mix ? tensor.permute({0, 2, 1}).reshape({-1, tensor.size(1)}) : tensor.flatten(1);
    for (long r = 0; r < rows.size(0); ++r) ASSERT_LT(off_grid(rows[r]), 1e-3) << name << " row " << r;
  }
  Network loaded(a);
  loaded.load(network.folded());
  loaded.eval();
  EXPECT_LT((loaded.forward(features, 8) - after).abs().max().item<double>(), 1e-4 * scale)
      << "what is released is not what was trained";
}

class FinetuneTest : public testing::Test {
 protected:
  void SetUp() override {
    corpus::test::make_recordings(folder_.path());
    corpus::prepare(corpus::test::options_for(folder_.path(), folder_.path() / "corpus"), {});
    corpus::test::write_text(path("tiny.toml"),
                             "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 4\nbands = 5\nwidth = 6\n"
                             "hidden = 6\nblocks = 1\n[train]\nsteps = 10\nbatch = 2\nchunk_s = 0.25\n"
                             "warmup_steps = 5\nvalidate_every = 10\nvalid_pairs = 2\n");
    ASSERT_EQ(cli::run_program({"train", path("tiny.toml"), "--corpus", path("corpus"), "--out", path("run")}).code, 0);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  cli::Ran quantize(const std::string& out, const std::string& sound, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{
        "quantize", path("run/tiny.safetensors"), "-o", path(out), "--calibrate", path(sound), "--seconds", "5"};
    all.insert(all.end(), more.begin(), more.end());
    return cli::run_program(all);
  }
  corpus::test::TempFolder folder_;
};

TEST_F(FinetuneTest, MakesAnInt8ModelOfWhatItTrained) {
  ASSERT_EQ(quantize("plain.safetensors", "corpus").code, 0);
  const cli::Ran run = quantize("tuned.safetensors", "corpus", {"--finetune", "8"});
  ASSERT_EQ(run.code, 0) << run.error;
  const auto told = nlohmann::json::parse(cli::run_program({"info", path("tuned.safetensors"), "--json"}).output);
  EXPECT_EQ(told["arithmetic"], "int8");
  EXPECT_EQ(told["name"], "tiny-int8");
  const int step = told["training"]["step"];  // of the best on the validation pairs
  EXPECT_TRUE(step > 0 && step <= 8) << step;
  EXPECT_EQ(told["training"]["start"]["step"], 10);
  EXPECT_EQ(told["training"]["start"]["seed"], 1);
  EXPECT_NE(told["training"]["seed"], 1) << "it heard the mixtures that the model began with";
  EXPECT_NE(cli::slurp(path("plain.safetensors")), cli::slurp(path("tuned.safetensors")));
  EXPECT_FALSE(fs::exists(path("tuned.safetensors.work")));
}

TEST_F(FinetuneTest, StopsAtASignalToItselfAndGoesOnWithTheSameModelOnly) {
  const auto words = [&](const char* steps) -> std::vector<std::string> {
    return {"quantize",    path("run/tiny.safetensors"),
            "-o",          path("stopped.safetensors"),
            "--calibrate", path("corpus"),
            "--finetune",  steps,
            "--resume"};
  };
  const fs::path work = path("stopped.safetensors.work");
  cli::Started started(words("1000000"), {});
  for (int i = 0; i < 3000 && !fs::exists(work / "recipe.toml"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(started.process(), SIGTERM);
  const cli::Ran run = started.wait();
  EXPECT_EQ(run.code, 130) << run.error;
  EXPECT_TRUE(fs::exists(work / "last.ckpt")) << "the trainer saved where it stood";
  const cli::Ran refused = cli::run_program(words("8"));
  EXPECT_EQ(refused.code, 9) << refused.error;
  EXPECT_NE(refused.error.find("other options"), std::string::npos) << refused.error;
}

TEST_F(FinetuneTest, WantsACorpus) {
  const cli::Ran run = quantize("tuned.safetensors", "noise", {"--finetune", "8"});
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.error.find("no prepared corpus"), std::string::npos) << run.error;
  EXPECT_FALSE(fs::exists(path("tuned.safetensors")));
  EXPECT_FALSE(fs::exists(path("tuned.safetensors.work")));
}

}  // namespace
}  // namespace pellucid::training
