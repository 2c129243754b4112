// A step on a device other than the CPU: nothing of it stays behind, and the gradient is that of the CPU's kernels.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "../corpus/prepare_support.hpp"
#include "../nn/random_model.hpp"
#include "strict_device.hpp"
#include "training/distill.hpp"
#include "training/replica.hpp"
#include "training/validation.hpp"

#if TORCH_VERSION_MAJOR < 2

namespace pellucid::training {
namespace {

using torch::Tensor;

corpus::Batch batch(int size, int frames, int hop) {
  corpus::Batch b;
  b.size = size;
  b.samples = frames * hop;
  const Tensor clean = torch::randn({size, b.samples}) * 0.1, noisy = clean + torch::randn({size, b.samples}) * 0.05;
  clean[0].narrow(0, b.samples / 2, b.samples / 8).zero_();  // a pause
  clean[1].zero_();                                          // noise alone
  b.clean.assign(clean.data_ptr<float>(), clean.data_ptr<float>() + clean.numel());
  b.noisy.assign(noisy.data_ptr<float>(), noisy.data_ptr<float>() + noisy.numel());
  return b;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double squares = 0, whole = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    whole += double(a[i]) * a[i];
  }
  return std::sqrt(squares / whole);
}

TEST(Device, MixesNoTensors) {
  const Tensor there = torch::ones({3}).to(test::strict_device());
  EXPECT_EQ((there + there).to(torch::kCPU).sum().item<float>(), 6);
  EXPECT_THROW(there + torch::ones({3}), c10::Error);
}

TEST(Device, AStepIsThatOfTheCpu) {
  auto architectures = nn::test::every_combination();
  for (const double compression : {0.5, 0.7, 1.0})  // powers whose slope is infinite at an empty bin
    architectures.push_back(nn::test::small_architecture()), architectures.back().compression = compression;
  for (const auto& a : architectures) {
    for (const bool taught : {false, true}) {
      SCOPED_TRACE(fmt::format("{}, compression {}, taught {}", nn::test::combination_name(a), a.compression, taught));
      torch::manual_seed(5);
      Recipe recipe;
      recipe.model = a;
      recipe.loss.stoi = 0.3;
      recipe.loss.pesq = 0.03;
      recipe.loss.consistency = 0.1;
      recipe.loss.waveform = 0.05;
      const StoredModel model{{}, "teacher", "", a, Network(a).folded()};
      corpus::Batch pairs = batch(3, 70, int(a.hop_samples));
      if (a.compression > 0.3)  // digital silence
        for (std::vector<float>* sound : {&pairs.noisy, &pairs.clean})
          std::fill(sound->end() - pairs.samples / 2, sound->end() - pairs.samples / 4, 0.0f);
      const std::vector<float> weights = flat_parameters(Network(a));
      struct Step {
        double loss;
        std::vector<float> gradient, buffers;
      };
      const auto step = [&](torch::Device device) {
        const Teacher teacher(model, recipe, device);
        Replica replica(recipe, device, taught ? &teacher : nullptr);
        set_parameters(replica.network(), weights);
        EXPECT_EQ(flat_parameters(replica.network()), weights);
        replica.start(pairs);
        const double loss = replica.wait();
        EXPECT_EQ(replica.buffers(), flat_buffers(replica.network()));
        return Step{loss, replica.gradient(), replica.buffers()};
      };
      const Step here = step(torch::kCPU), there = step(test::strict_device());
      EXPECT_NEAR(there.loss, here.loss, 1e-4 * here.loss);
      EXPECT_LT(distance(here.gradient, there.gradient), 1e-3);
      EXPECT_LT(distance(here.buffers, there.buffers), 1e-4);
    }
  }
}

// A GPU is slow to start operators and fast at what they do.
TEST(Device, ALargerBatchIsNoMoreOperatorsAndCopiesToTheCpu) {
  Recipe recipe;
  recipe.model = nn::test::small_architecture();
  recipe.loss = {0.7, 0.3, 0.3, 0.02, 0.5, 0, 0, 0.1, 0.02};
  Replica replica(recipe, test::strict_device());
  const auto work = [&](int size) {
    const test::Work before = test::strict_device_work();
    replica.start(batch(size, 70, int(recipe.model.hop_samples)));
    replica.wait();
    const test::Work after = test::strict_device_work();
    return std::pair{after.operators - before.operators, after.to_cpu - before.to_cpu};
  };
  const auto few = work(2), many = work(12);
  EXPECT_EQ(few, many);
  EXPECT_LE(few.second, 4) << "energies of clean and noisy clips, the loss, the gradient with the statistics";
  EXPECT_EQ(replica.buffers(), flat_buffers(replica.network()));
  replica.network().set_fixed_statistics(true);
  EXPECT_EQ(work(2).second, few.second);
  EXPECT_TRUE(replica.buffers().empty());
}

TEST(Device, ValidationIsThatOfTheCpu) {
  const corpus::test::TempFolder folder;
  corpus::test::make_recordings(folder.path());
  corpus::prepare(corpus::test::options_for(folder.path(), folder.path() / "corpus"), {});
  const auto corpus = corpus::Corpus::open(folder.path() / "corpus");
  Recipe recipe;
  recipe.model = nn::test::small_architecture();
  recipe.train.valid_pairs = 3;
  const Validation validation(corpus, recipe);
  Network network(recipe.model);
  const auto scores = [&](torch::Device device) {
    network.to(device);
    return validation.run(network, Spectrum(recipe.model, device));
  };
  const Scores here = scores(torch::kCPU), there = scores(test::strict_device());
  EXPECT_NEAR(there.loss, here.loss, 1e-4 * here.loss);
  EXPECT_NEAR(there.score(), here.score(), 1e-3);
  EXPECT_NEAR(there.noise_alone_db, here.noise_alone_db, 1e-2);
}

TEST(Device, ValidationRunsTheNetworkOnceForEachClip) {
  const corpus::test::TempFolder folder;
  corpus::test::make_recordings(folder.path());
  corpus::prepare(corpus::test::options_for(folder.path(), folder.path() / "corpus"), {});
  const auto corpus = corpus::Corpus::open(folder.path() / "corpus");
  Recipe recipe;
  recipe.model = nn::test::small_architecture();
  recipe.model.time_mixer = nn::TimeMixer::kConv;
  Network network(recipe.model);
  network.to(test::strict_device());
  network.eval();
  const Spectrum spectrum(recipe.model, test::strict_device());
  const auto operators = [](const auto& work) {
    const long before = test::strict_device_work().operators;
    const torch::NoGradGuard no_grad;
    work();
    return test::strict_device_work().operators - before;
  };
  // As many frames in each: what a pair more costs is a loss, and not the network once more.
  const Tensor sound = torch::randn({1, long(kValidationPairS * 16000) / 256 * 256}).to(test::strict_device());
  const long of_loss = operators([&] { loss(spectrum, recipe.loss, sound, sound, mask_of(network)); });
  const long of_network = operators([&] { enhance(spectrum, sound, mask_of(network)); });
  const auto of_pairs = [&](int pairs) {
    recipe.train.valid_pairs = pairs;
    const Validation validation(corpus, recipe);
    return operators([&] { validation.run(network, spectrum); });
  };
  const long of_a_pair = of_pairs(4) - of_pairs(3);
  EXPECT_LT(of_a_pair, of_loss + of_network / 2) << of_loss << " of the loss, " << of_network << " of the network";
}

}  // namespace
}  // namespace pellucid::training

#endif
