// The written-out loss and gradient against autograd's.
#include "training/objective.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "training/losses.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;

// The loss of losses.hpp as a function of the mask alone.
Tensor loss_of_mask(const Spectrum& spectrum, const LossOptions& options, const Tensor& noisy, const Tensor& clean,
                    const Tensor& mask) {
  return loss(spectrum, options, noisy, clean, [&](const Tensor&, long) { return mask; });
}

class ObjectiveTest : public testing::TestWithParam<std::tuple<LossOptions, std::uint32_t, double>> {};

TEST_P(ObjectiveTest, EqualsAutograd) {
  torch::manual_seed(7);
  const auto [options, overlap, compression] = GetParam();
  Architecture a = default_architecture();
  a.compression = compression;
  const bool long_terms = options.stoi > 0 || options.pesq > 0;  // of segments of 24 frames and more
  a.window_samples = long_terms ? 512 : 128;
  a.hop_samples = a.window_samples / overlap;
  const int size = 3, frames = long_terms ? 70 : 9, samples = frames * int(a.hop_samples);
  const Tensor clean = torch::randn({size, samples}) * 0.1, noisy = clean + torch::randn({size, samples}) * 0.05;
  clean[0].narrow(0, samples / 2, samples / 8).zero_();  // a pause
  clean[2].zero_();                                      // noise alone: the target is silence
  clean[1].narrow(0, samples / 4, samples / 3).zero_();  // digital silence, in which every bin is 0
  noisy[1].narrow(0, samples / 4, samples / 3).zero_();
  const Spectrum spectrum(a, torch::kCPU);
  Tensor mask = torch::randn({size * frames, a.positions(), 2 * a.fold}) * 0.4 + 0.3;
  mask[frames / 2].zero_();  // a frame that is shut
  mask.requires_grad_(true);
  const Tensor expected = loss_of_mask(spectrum, options, noisy, clean, mask);
  expected.backward();

  Objective objective(a, options);
  Tensor features = torch::empty({size * frames, a.positions(), 3 * a.fold});
  objective.begin(size, samples, noisy.data_ptr<float>(), clean.data_ptr<float>(), features.data_ptr<float>());
  const Tensor gradient = torch::full_like(mask, 99.0f).detach();
  const Tensor flat = mask.detach().contiguous();
  const double value = objective.evaluate(flat.data_ptr<float>(), gradient.data_ptr<float>());

  EXPECT_NEAR(value, expected.item<double>(), 2e-5 * std::abs(expected.item<double>()) + 1e-6);
  const double distance = (gradient - mask.grad()).norm().item<double>();
  EXPECT_LT(distance, 2e-4 * mask.grad().norm().item<double>());

  const Tensor seen = spectrum.analyse(noisy).narrow(2, 0, a.bins()).contiguous();
  const Tensor wanted = spectrum.features(seen, spectrum.compress(seen));
  EXPECT_LT((features - wanted).abs().max().item<double>(), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Terms, ObjectiveTest,
    testing::Combine(testing::Values(LossOptions{}, LossOptions{1, 0, 0, 0, 0}, LossOptions{0, 1, 0, 0, 0},
                                     LossOptions{0.5, 0.5, 1, 0, 2}, LossOptions{0, 0, 0, 1, 0},
                                     LossOptions{0, 0, 0, 0, 0, 0, 0, 1}, LossOptions{0, 0, 0, 0, 0, 0, 0, 0, 1},
                                     LossOptions{0.7, 0.3, 0.3, 0.02, 0.5, 0, 0, 0.1, 0.02},
                                     LossOptions{0.7, 0.3, 0.3, 0.02, 0.5, 0.5, 1}),
                     testing::Values(2u, 4u), testing::Values(0.3)));

INSTANTIATE_TEST_SUITE_P(Compressions, ObjectiveTest,
                         testing::Combine(testing::Values(LossOptions{}, LossOptions{0, 0, 0, 1, 0},
                                                          LossOptions{0.7, 0.3, 0.3, 0.02, 0.5, 0, 0, 0.1, 0.02}),
                                          testing::Values(2u), testing::Values(0.5, 0.7, 1.0)));

}  // namespace
}  // namespace pellucid::training
