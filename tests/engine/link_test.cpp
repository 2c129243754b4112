// Linked channels: one gain for all, so that the picture stands still.
#include <gtest/gtest.h>

#include <algorithm>

#include "../nn/owned_network.hpp"
#include "dsp/stft.hpp"
#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

pellucid_config linked_config(const Model& model, std::uint32_t rate, std::uint32_t channels) {
  pellucid_config config = config_for(model, rate, channels);
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  return config;
}

Samples channel_of(const Samples& interleaved, std::size_t channel, std::size_t channels) {
  Samples one;
  for (std::size_t i = channel; i < interleaved.size(); i += channels) one.push_back(interleaved[i]);
  return one;
}

// Left, right, their mean, half of left, minus left and silence: whatever is done to all of them alike, their relations
// hold from sample to sample.
TEST(Link, KeepsThePictureExactly) {
  const Model model = random_model();
  constexpr std::size_t kChannels = 6;
  for (const std::uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
    for (const float post : {0.0f, 1.0f}) {
      SCOPED_TRACE(rate);
      const std::size_t frames = rate / 2;
      const Samples left = noise(frames, 1), right = sine(frames, 700, rate, 0.2);
      Samples in;
      for (std::size_t i = 0; i < frames; ++i) {
        for (const float v : {left[i], right[i], 0.5f * (left[i] + right[i]), 0.5f * left[i], -left[i], 0.0f}) {
          in.push_back(v);
        }
      }
      pellucid_config config = linked_config(model, rate, kChannels);
      config.post_filter = post;
      const Samples out = Session(config).run(in);
      const Samples l = channel_of(out, 0, kChannels), r = channel_of(out, 1, kChannels);
      EXPECT_GT(rms(l, 2000, frames), 0.01);
      EXPECT_NE(Session(config_for(model, rate, kChannels)).run(in), out) << "linking changes something";
      double worst = 0;
      for (std::size_t i = 0; i < frames; ++i) {
        const float* frame = &out[i * kChannels];
        worst = std::max(worst, std::abs(0.5 * (double{l[i]} + r[i]) - frame[2]));
        ASSERT_EQ(frame[3], 0.5f * frame[0]) << i;
        ASSERT_EQ(frame[4], -frame[0]) << i;
        ASSERT_EQ(frame[5], 0.0f) << i;
      }
      EXPECT_LT(worst, 1e-6);
    }
  }
}

TEST(Link, TheGainIsTheRootOfThePowersRatio) {
  // The same by hand: network and transforms, frame by frame.
  const Model model = random_model(5);
  constexpr std::size_t kHop = 256, kBins = 257, kChannels = 2, kFrames = 40 * kHop;
  nn::test::OwnedNetwork network(model);
  std::vector<std::uint8_t> memory(1 << 20);
  void* start = memory.data();
  std::size_t room = memory.size();
  dsp::Arena arena(std::align(dsp::Arena::kAlignment, 1, start, room), room - dsp::Arena::kAlignment);
  dsp::StftPlan plan;
  ASSERT_TRUE(plan.init(2 * kHop, arena));
  const Samples channels[kChannels] = {noise(kFrames, 1), sine(kFrames, 1200, 16000, 0.3)};
  std::vector<std::vector<float>> spectra[kChannels];
  std::vector<std::vector<double>> power_in(40, std::vector<double>(kBins)), power_out = power_in;
  for (std::size_t c = 0; c < kChannels; ++c) {
    dsp::StftAnalysis analysis;
    ASSERT_TRUE(analysis.init(plan, arena));
    network.state.reset();
    for (std::size_t t = 0; t < 40; ++t) {
      std::vector<float> in(2 * kBins), out(2 * kBins);
      analysis.process(plan, &channels[c][t * kHop], in.data());
      network.network.process_frame(network.state, in.data(), out.data());
      for (std::size_t k = 0; k < kBins; ++k) {
        power_in[t][k] += double{in[2 * k]} * in[2 * k] + double{in[2 * k + 1]} * in[2 * k + 1];
        power_out[t][k] += double{out[2 * k]} * out[2 * k] + double{out[2 * k + 1]} * out[2 * k + 1];
      }
      spectra[c].push_back(in);
    }
  }
  Samples in;
  for (std::size_t i = 0; i < kFrames; ++i) {
    for (const Samples& channel : channels) in.push_back(channel[i]);
  }
  Session session(linked_config(model, 16000, kChannels));
  const Samples together = session.run(in);
  for (std::size_t c = 0; c < kChannels; ++c) {
    dsp::StftSynthesis synthesis;
    ASSERT_TRUE(synthesis.init(plan, arena));
    const Samples out = channel_of(together, c, kChannels);
    for (std::size_t t = 0; t + 1 < 40; ++t) {
      for (std::size_t k = 0; k < kBins; ++k) {
        double gain = std::min(std::sqrt(power_out[t][k] / power_in[t][k]), 4.0);
        if (k == kBins - 1) gain = std::min(gain, 1.0);
        spectra[c][t][2 * k] *= static_cast<float>(gain);
        spectra[c][t][2 * k + 1] *= static_cast<float>(gain);
      }
      Samples hop(kHop);
      synthesis.process(plan, spectra[c][t].data(), hop.data());
      for (std::size_t i = 0; i < kHop; ++i) ASSERT_NEAR(out[(t + 1) * kHop - 1 + i], hop[i], 2e-5) << t << " " << i;
    }
  }
}

TEST(Link, StrengthZeroLimitsAndASingleChannelAreAsEver) {
  const Model model = random_model();
  pellucid_config config = linked_config(model, 48000, 2);
  config.strength = 0.0f;
  const Samples in = noise(2 * 9600, 4);
  Session session(config);
  const Samples out = session.run(in);
  const std::size_t late = 2 * session.latency();
  for (std::size_t i = late; i < in.size(); ++i) ASSERT_EQ(out[i], in[i - late]) << i;

  const Model nothing = mask_model(0.0f);
  config = linked_config(nothing, 48000, 2);
  config.attenuation_limit_db = 6.0f;
  const Samples limited = Session(config).run(in);
  for (std::size_t i = late; i < in.size(); ++i) ASSERT_NEAR(limited[i], std::pow(10, -0.3) * in[i - late], 2e-6);

  EXPECT_EQ(Session(linked_config(model, 48000, 1)).run(in), Session(config_for(model, 48000, 1)).run(in));
}

TEST(Link, ANetworkThatOverflowsLetsTheSoundThrough) {
  const Model model = make_random_model(small_architecture(nn::TimeMixer::kConv), 1, 1e30);
  Session session(linked_config(model, 16000, 2));
  const Samples in = noise(16000, 3), out = session.run(in);
  const std::size_t late = 2 * session.latency();
  for (std::size_t i = late; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i - late], 1e-6) << i;
}

TEST(Link, RefusesWhatItDoesNotKnow) {
  const Model model = random_model();
  pellucid_config config = config_for(model, 16000, 2);
  config.channel_link = 2;
  std::size_t bytes = 0;
  EXPECT_EQ(pellucid_size(&config, &bytes), PELLUCID_ERROR_CHANNEL_LINK);
}

}  // namespace
}  // namespace pellucid::engine
