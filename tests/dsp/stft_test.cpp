#include "dsp/stft.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "reference.hpp"

namespace pellucid::dsp {
namespace {

struct Stream {
  explicit Stream(std::uint32_t window, std::uint32_t overlap = 2) : memory(1 << 19) {
    void* start = memory.data();
    std::size_t room = memory.size();
    std::align(Arena::kAlignment, 1, start, room);
    Arena arena(start, room);
    ok = plan.init(window, window / overlap, arena) && analysis.init(plan, arena) && synthesis.init(plan, arena);
  }
  std::vector<std::uint8_t> memory;
  StftPlan plan;
  StftAnalysis analysis;
  StftSynthesis synthesis;
  bool ok = false;
};

TEST(Stft, ReconstructsPerfectly) {
  using Framing = std::pair<std::uint32_t, std::uint32_t>;  // window, windows a sample lies in
  for (const auto& [window, overlap] : {Framing{8, 2},
                                        {256, 2},
                                        {320, 2},
                                        {512, 2},
                                        {704, 2},
                                        {1408, 2},
                                        {1536, 2},
                                        {3072, 2},
                                        {512, 4},
                                        {320, 4},
                                        {1408, 4},
                                        {24, 3},
                                        {512, 8}}) {
    SCOPED_TRACE(testing::Message() << window << " " << overlap);
    Stream stream(window, overlap);
    ASSERT_TRUE(stream.ok);
    const std::size_t hop = stream.plan.hop_samples(), hops = 40, delay = window - hop;
    ASSERT_EQ(hop, window / overlap);
    test::Random random(window);
    std::vector<float> in(hop * hops), out(in.size()), spectrum(2 * stream.plan.bins());
    for (float& v : in) v = random.sample();
    for (std::size_t t = 0; t < hops; ++t) {
      stream.analysis.process(stream.plan, in.data() + t * hop, spectrum.data());
      stream.synthesis.process(stream.plan, spectrum.data(), out.data() + t * hop);
    }
    double worst = 0;
    for (std::size_t i = 0; i + delay < in.size(); ++i) {
      worst = std::max(worst, std::abs(double{out[i + delay]} - in[i]));
    }
    EXPECT_LT(worst, 1e-6);
    for (std::size_t i = 0; i < delay; ++i) EXPECT_NEAR(out[i], 0.0f, 1e-6);
  }
}

TEST(Stft, EqualsTheDefinitionFrameByFrame) {
  for (const std::uint32_t overlap : {2u, 4u}) {
    constexpr std::uint32_t window = 1408;
    SCOPED_TRACE(overlap);
    Stream stream(window, overlap);
    ASSERT_TRUE(stream.ok);
    const std::size_t hop = stream.plan.hop_samples(), hops = 5;
    test::Random random(7);
    std::vector<float> in(hop * hops), spectrum(2 * stream.plan.bins());
    for (float& v : in) v = random.sample();
    for (std::size_t t = 0; t < hops; ++t) {
      stream.analysis.process(stream.plan, in.data() + t * hop, spectrum.data());
      std::vector<double> frame(window);
      for (std::size_t i = 0; i < window; ++i) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(t * hop + i) - static_cast<std::ptrdiff_t>(window - hop);
        const double hann = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / window);
        if (at >= 0) frame[i] = in[static_cast<std::size_t>(at)] * std::sqrt(hann);
      }
      const auto expected = test::naive_dft(frame);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        ASSERT_NEAR(spectrum[2 * k], expected[k].real(), 1e-5) << "frame " << t << " bin " << k;
        ASSERT_NEAR(spectrum[2 * k + 1], expected[k].imag(), 1e-5) << "frame " << t << " bin " << k;
      }
    }
  }
}

TEST(Stft, StartsAnewAfterReset) {
  Stream stream(64);
  ASSERT_TRUE(stream.ok);
  test::Random random(3);
  std::vector<float> hop(32), first(66), again(66), out_first(32), out_again(32);
  for (float& v : hop) v = random.sample();
  stream.analysis.process(stream.plan, hop.data(), first.data());
  stream.synthesis.process(stream.plan, first.data(), out_first.data());
  stream.analysis.process(stream.plan, hop.data(), again.data());
  EXPECT_NE(first, again);
  stream.analysis.reset(stream.plan);
  stream.synthesis.reset(stream.plan);
  stream.analysis.process(stream.plan, hop.data(), again.data());
  stream.synthesis.process(stream.plan, again.data(), out_again.data());
  EXPECT_EQ(first, again);
  EXPECT_EQ(out_first, out_again);
}

TEST(Stft, RefusesWindowsItCannotTransform) {
  Arena arena;
  StftPlan plan;
  EXPECT_FALSE(plan.init(1412, arena));
  EXPECT_FALSE(plan.init(0, arena));
  for (const std::uint32_t hop : {0u, 512u, 1024u, 200u}) EXPECT_FALSE(plan.init(512, hop, arena)) << hop;
}

}  // namespace
}  // namespace pellucid::dsp
