// The trained network and the run-time network are the same function: streamed frame by frame against the whole
// utterance at once, layer by layer.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../nn/owned_network.hpp"
#include "../nn/random_model.hpp"
#include "training/export.hpp"
#include "training/losses.hpp"
#include "training/network.hpp"
#include "training/replica.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;

// Every mixer and output, in framings of 50 % and of 75 % overlap.
std::vector<Architecture> all_architectures() {
  std::vector<Architecture> all;
  int count = 0;
  for (const auto time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention})
    for (const auto freq : {FreqMixer::kDense, FreqMixer::kConv, FreqMixer::kGru, FreqMixer::kAttention})
      for (const auto output : {Output::kComplexMask, Output::kBandGains}) {
        Architecture a = default_architecture();
        const bool odd = count++ % 2 != 0;
        a.window_samples = odd ? 320 : 256;
        a.hop_samples = a.window_samples / (count % 4 < 2 ? 2 : 4);
        a.channels = odd ? 10 : 16;
        a.encoder_layers = 2;
        a.bands = 9;
        a.width = odd ? 12 : 20;
        a.hidden = odd ? 15 : 24;
        a.freq_hidden = 9;
        a.heads = 3;
        a.context_frames = odd ? 7 : 20;
        a.time_mixer = time;
        a.freq_mixer = freq;
        a.output = output;
        all.push_back(a);
      }
  return all;
}

// A network as training leaves it: every running statistic, slope and bias away from its start.
std::shared_ptr<Network> trained_looking(const Architecture& a) {
  auto network = std::make_shared<Network>(a);
  torch::NoGradGuard no_grad;
  for (auto& p : network->named_parameters())
    if (p.key().find("/bias") != std::string::npos || p.key().find("/slope") != std::string::npos)
      p.value().add_(torch::randn_like(p.value()) * 0.1);
  for (auto& b : network->named_buffers()) b.value().add_(torch::rand_like(b.value()) * 0.5);
  network->eval();
  return network;
}

class ParityTest : public testing::TestWithParam<Architecture> {};

TEST_P(ParityTest, StreamEqualsWholeLayerByLayer) {
  torch::manual_seed(3);
  const Architecture a = GetParam();
  const auto network = trained_looking(a);
  const Spectrum spectrum(a, torch::kCPU);
  const int frames = 40, bins = int(a.bins());
  const Tensor noisy = torch::randn({1, frames * int(a.hop_samples)}) * 0.1;

  torch::NoGradGuard no_grad;
  const Tensor full = spectrum.analyse(noisy).contiguous();
  std::map<std::string, Tensor> whole;
  Tensor compressed;
  const MaskOf observed = [&](const Tensor& features, long count) {
    return network->forward(features, count,
                            [&](const std::string& name, const Tensor& t) { whole[name] = t.contiguous(); });
  };
  const Enhanced enhanced = enhance(spectrum, noisy, observed);
  const Tensor cleaned =
      spectrum.with_nyquist(spectrum.decompress(enhanced.compressed), full, whole["mask"]).contiguous();

  const std::string text = encode_model(*network, "parity", "{}");
  nn::test::OwnedNetwork runtime(std::vector<std::uint8_t>(text.begin(), text.end()));
  ASSERT_TRUE(runtime.ok) << static_cast<int>(runtime.error.status);
  std::map<std::string, int> seen;
  struct Context {
    std::map<std::string, Tensor>* whole;
    std::map<std::string, int>* seen;
    int frame = 0;
  } context{&whole, &seen};
  runtime.network.set_observer(
      [](void* user, const char* name, const float* values, size_t rows, size_t columns) {
        auto& c = *static_cast<Context*>(user);
        if (!c.whole->count(name)) return;
        const Tensor& t = (*c.whole)[name];
        ASSERT_EQ(t.size(1), long(rows)) << name;
        ASSERT_EQ(t.size(2), long(columns)) << name;
        ++(*c.seen)[name];
        const float* expected = t.data_ptr<float>() + std::ptrdiff_t(c.frame) * std::ptrdiff_t(rows * columns);
        const double scale = t.abs().max().item<double>();
        for (std::size_t i = 0; i < rows * columns; ++i)
          ASSERT_NEAR(values[i], expected[i], 1e-4 * scale) << name << " frame " << c.frame << " value " << i;
      },
      &context);
  const double scale = cleaned.abs().max().item<double>();
  std::vector<float> out(2 * std::size_t(bins + 1));
  for (int t = 0; t < frames; ++t) {
    context.frame = t;
    const std::ptrdiff_t at = std::ptrdiff_t(t) * 2 * (bins + 1);
    runtime.network.process_frame(runtime.state, full.data_ptr<float>() + at, out.data());
    for (int i = 0; i < 2 * (bins + 1); ++i)
      ASSERT_NEAR(out[i], cleaned.data_ptr<float>()[at + i], 1e-4 * scale) << "frame " << t << " value " << i;
  }
  for (const auto& [name, tensor] : whole) EXPECT_EQ(seen[name], frames) << "the run-time network never shows " << name;
}

INSTANTIATE_TEST_SUITE_P(Mixers, ParityTest, testing::ValuesIn(all_architectures()),
                         [](const auto& info) { return nn::test::combination_name(info.param); });

// What a device other than the CPU runs is the same network.
TEST_P(ParityTest, PlainOperatorsAreTheSameNetwork) {
  torch::manual_seed(4);
  const Architecture a = GetParam();
  const auto network = trained_looking(a);
  network->train();
  const int steps = 12;
  const Tensor features = torch::randn({2 * steps, int(a.positions()), 3 * int(a.fold)});
  std::vector<Tensor> masks, gradients;
  for (const Form form : {Form::kPlain, Form::kKernels}) {
    set_form(form);
    for (auto& p : network->parameters()) p.mutable_grad() = Tensor();
    const Tensor mask = network->forward(features, steps);
    masks.push_back(mask.detach());
    mask.square().sum().backward();
    std::vector<Tensor> all;
    for (const auto& p : network->parameters()) all.push_back(p.grad().flatten());
    gradients.push_back(torch::cat(all));
  }
  EXPECT_LT((masks[1] - masks[0]).norm().item<double>(), 1e-4 * masks[0].norm().item<double>());
  EXPECT_LT((gradients[1] - gradients[0]).norm().item<double>(), 1e-3 * gradients[0].norm().item<double>());
}

// The whole-spectrum analysis is torch::stft's, and the run-time one (tests/dsp) is held to the same definition.
TEST(SpectrumTest, EqualsTorchStft) {
  for (const int overlap : {2, 4}) {
    Architecture a = default_architecture();
    a.hop_samples = a.window_samples / overlap;
    const Spectrum spectrum(a, torch::kCPU);
    torch::manual_seed(5);
    const int frames = 20, hop = int(a.hop_samples), window = int(a.window_samples);
    const Tensor x = torch::randn({2, frames * hop});
    const Tensor padded = torch::constant_pad_nd(x, {window - hop, 0});
    const Tensor taper = torch::sqrt(torch::hann_window(window, true));
    const Tensor expected = torch::view_as_real(torch::stft(padded, window, hop, window, taper, /*center=*/false,
                                                            "reflect", /*normalized=*/false,
                                                            /*onesided=*/true, /*return_complex=*/true)
                                                    .transpose(1, 2)
                                                    .contiguous());
    const Tensor actual = spectrum.analyse(x);
    EXPECT_LT((actual - expected).abs().max().item<double>(), 1e-4);
    // Back again, a window less a hop later.
    const Tensor y = spectrum.synthesise(actual);
    const int whole = (frames - overlap + 1) * hop;
    const Tensor same = y.narrow(1, window - hop, whole) - x.narrow(1, 0, whole);
    EXPECT_LT(same.abs().max().item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace pellucid::training
