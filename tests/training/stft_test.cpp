// The run-time STFT against torch::stft.
#include "dsp/stft.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <memory>

namespace pellucid::training {
namespace {

class RuntimeStftTest : public testing::TestWithParam<int> {};

TEST_P(RuntimeStftTest, EqualsTorch) {
  const int window = GetParam(), hop = window / 2, frames = 12;
  dsp::Arena measure;
  {
    dsp::StftPlan plan;
    dsp::StftAnalysis analysis;
    plan.init(std::uint32_t(window), measure);
    // A plan that only counts knows its sizes all the same.
    measure.take<float>(4 * std::size_t(window));
  }
  const std::size_t bytes = measure.bytes() + 65536;
  std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(dsp::Arena::kAlignment, (bytes + 63) / 64 * 64),
                                                     &std::free);
  dsp::Arena arena(memory.get(), bytes);
  dsp::StftPlan plan;
  dsp::StftAnalysis analysis;
  ASSERT_TRUE(plan.init(std::uint32_t(window), arena));
  ASSERT_TRUE(analysis.init(plan, arena));

  torch::manual_seed(window);
  const torch::Tensor x = torch::randn({frames * hop});
  const torch::Tensor padded = torch::constant_pad_nd(x, {window - hop, 0});
  const torch::Tensor taper = torch::sqrt(torch::hann_window(window, true, torch::kFloat64));
  const torch::Tensor expected = torch::view_as_real(torch::stft(padded.to(torch::kFloat64), window, hop, window, taper,
                                                                 false, "reflect", false, true, true)
                                                         .t()
                                                         .contiguous())
                                     .contiguous();
  std::vector<float> spectrum(2 * std::size_t(window / 2 + 1));
  const double scale = expected.abs().max().item<double>();
  for (int t = 0; t < frames; ++t) {
    analysis.process(plan, x.data_ptr<float>() + t * hop, spectrum.data());
    for (std::size_t i = 0; i < spectrum.size(); ++i)
      ASSERT_NEAR(spectrum[i], expected.data_ptr<double>()[std::size_t(t) * spectrum.size() + i], 1e-6 * scale) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, RuntimeStftTest, testing::Values(256, 320, 512, 960, 1408, 1536));

}  // namespace
}  // namespace pellucid::training
