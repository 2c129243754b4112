// Sound through the C API: timing, blocks, channels, rates, strength and limits.
#include <gtest/gtest.h>

#include <bit>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

TEST(Stream, StrengthZeroReturnsTheDelayedInputToTheBit) {
  const Model model = random_model();
  for (const std::uint32_t rate : kRates) {
    SCOPED_TRACE(rate);
    pellucid_config config = config_for(model, rate);
    config.strength = 0.0f;
    Session session(config);
    const std::size_t latency = session.latency();
    EXPECT_GT(latency, 0u);
    EXPECT_LE(static_cast<double>(latency), 0.0335 * rate);
    Samples in = noise(4 * latency, rate);
    in[0] = 1.0f;
    in[3] = -0.0f;
    in[4] = 1e-40f;  // too small for a normal number: counts as 0
    Random random(rate);
    const Samples out = session.run(in, [&] { return 1 + random.below(static_cast<std::uint32_t>(latency)); });
    for (std::size_t i = 0; i < latency; ++i) ASSERT_EQ(out[i], 0.0f) << i;
    in[4] = 0.0f;
    for (std::size_t i = 0; i + latency < in.size(); ++i)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i + latency]), std::bit_cast<std::uint32_t>(in[i])) << i;
  }
}

TEST(Stream, AnyBlockSizeGivesTheSameSamples) {
  const Model model = random_model();
  for (const std::uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
    SCOPED_TRACE(rate);
    const Samples in = noise(rate / 4, rate);
    const Samples whole = Session(config_for(model, rate)).run(in);
    for (const std::size_t block : {1u, 7u, 255u, 256u, 257u, 480u, 2000u}) {
      EXPECT_EQ(whole, Session(config_for(model, rate)).run(in, [&] { return block; })) << block;
    }
    Random random(9);
    EXPECT_EQ(whole, Session(config_for(model, rate)).run(in, [&] { return 1 + random.below(700); }));
  }
}

TEST(Stream, PlanarInterleavedAndInPlaceAreTheSame) {
  const Model model = random_model();
  const std::size_t frames = 3000, channels = 3;
  const Samples in = noise(frames * channels, 4);
  const Samples expected = Session(config_for(model, 24000, channels)).run(in);

  Samples in_place = in;
  Session second(config_for(model, 24000, channels));
  for (std::size_t done = 0; done < frames; done += 500) {
    float* block = in_place.data() + done * channels;
    ASSERT_EQ(pellucid_process_interleaved(second.get(), block, block, 500), PELLUCID_OK);
  }
  EXPECT_EQ(in_place, expected);

  std::vector<Samples> planes(channels, Samples(frames));
  for (std::size_t i = 0; i < in.size(); ++i) planes[i % channels][i / channels] = in[i];
  for (const bool same : {true, false}) {
    std::vector<Samples> from = planes, to(channels, Samples(frames));
    Session third(config_for(model, 24000, channels));
    for (std::size_t done = 0; done < frames; done += 750) {
      const float* inputs[channels];
      float* outputs[channels];
      for (std::size_t c = 0; c < channels; ++c) {
        inputs[c] = from[c].data() + done;
        outputs[c] = (same ? from : to)[c].data() + done;
      }
      ASSERT_EQ(pellucid_process(third.get(), inputs, outputs, 750), PELLUCID_OK);
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      ASSERT_EQ((same ? from : to)[i % channels][i / channels], expected[i]) << i;
    }
  }
}

TEST(Stream, OneSampleAndOneSecondAtATimeAreTheSameForEveryRateAndChannelCount) {
  const Model model = random_model();
  std::uint32_t turn = 0;
  for (const std::uint32_t rate : kRates) {
    for (const std::uint32_t link : {PELLUCID_CHANNELS_INDEPENDENT, PELLUCID_CHANNELS_LINKED}) {
      const std::uint32_t channels = 1 + turn++ % 8;
      SCOPED_TRACE(std::to_string(rate) + " Hz, " + std::to_string(channels) + " channels");
      pellucid_config config = config_for(model, rate, channels);
      config.channel_link = link;
      const Samples in = noise(std::size_t{rate} * channels, rate);
      const Samples second = Session(config).run(in);
      const std::size_t part = rate / 8 * channels;
      Samples singles(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(part));
      Session session(config);
      for (std::size_t i = 0; i < part; i += channels) {
        ASSERT_EQ(pellucid_process_interleaved(session.get(), &singles[i], &singles[i], 1), PELLUCID_OK);
      }
      EXPECT_TRUE(std::equal(singles.begin(), singles.end(), second.begin()));
    }
  }
}

TEST(Stream, ChannelsDoNotKnowOneAnother) {
  const Model model = random_model();
  const std::size_t frames = 2000, channels = 32;
  const Samples in = noise(frames * channels, 5);
  const Samples together = Session(config_for(model, 16000, channels)).run(in);
  for (const std::size_t c : {0u, 1u, 31u}) {
    Samples alone(frames);
    for (std::size_t i = 0; i < frames; ++i) alone[i] = in[i * channels + c];
    const Samples out = Session(config_for(model, 16000)).run(alone);
    for (std::size_t i = 0; i < frames; ++i) ASSERT_EQ(out[i], together[i * channels + c]) << c << " " << i;
  }
}

TEST(Stream, AMaskOfOneReturnsTheInputAtEveryRate) {
  const Model model = mask_model(1.0f);
  for (const std::uint32_t rate : kRates) {
    SCOPED_TRACE(rate);
    Session session(config_for(model, rate));
    const std::size_t latency = session.latency();
    const Samples in = noise(6 * latency, rate);
    const Samples out = session.run(in);
    double worst = 0;
    for (std::size_t i = 0; i + latency < in.size(); ++i) {
      worst = std::max(worst, std::abs(double{out[i + latency]} - in[i]));
    }
    EXPECT_LT(worst, 1e-5);
  }
}

TEST(Stream, AConstantMaskWeakensTheWholeSpectrumAlike) {
  // Also what lies above the network's bins: it follows the top quarter of those.
  const Model model = mask_model(0.5f);
  const double gain = std::pow(0.5, 1 / 0.3);
  for (const std::uint32_t rate : kRates) {
    Session session(config_for(model, rate));
    const std::size_t latency = session.latency();
    const Samples in = noise(6 * latency, rate);
    const Samples out = session.run(in);
    double worst = 0;
    for (std::size_t i = 0; i + latency < in.size(); ++i) {
      worst = std::max(worst, std::abs(double{out[i + latency]} - gain * in[i]));
    }
    EXPECT_LT(worst, 1e-5) << rate;
  }
}

TEST(Stream, TheNetworkSeesTheSameAtEveryRate) {
  // A network that is sensitive to level and frequency cleans the same sine alike, whatever the rate.
  const Model model = random_model(3);
  const auto gain = [&](std::uint32_t rate, double frequency) {
    Session session(config_for(model, rate));
    const Samples out = session.run(sine(rate, frequency, rate, 0.1));
    return rms(out, rate / 2, rate);
  };
  for (const double frequency : {437.5, 1000.0, 2500.0}) {
    const double reference = gain(16000, frequency);
    EXPECT_GT(reference, 1e-4);
    for (const std::uint32_t rate : {24000u, 32000u, 48000u, 96000u, 192000u}) {
      EXPECT_NEAR(gain(rate, frequency) / reference, 1.0, 0.02) << rate << " Hz, sine of " << frequency;
    }
  }
}

TEST(Stream, AttenuationLimitHolds) {
  const Model model = mask_model(0.0f);  // removes everything
  for (const std::uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
    for (const float limit_db : {0.0f, 6.0f, 12.0f, 40.0f}) {
      pellucid_config config = config_for(model, rate);
      config.attenuation_limit_db = limit_db;
      Session session(config);
      const std::size_t latency = session.latency();
      const Samples in = noise(8 * latency, 2);
      const Samples out = session.run(in);
      const double expected = std::pow(10.0, -limit_db / 20);
      for (std::size_t i = 0; i + latency < in.size(); ++i) {
        ASSERT_NEAR(out[i + latency], expected * in[i], 2e-6) << rate << " Hz, " << limit_db << " dB";
      }
    }
    const Samples silent = Session(config_for(model, rate)).run(noise(rate / 4, 2));
    EXPECT_EQ(silent, Samples(silent.size())) << rate;
  }
}

TEST(Stream, StrengthMixesInputAndOutput) {
  const Model model = random_model();
  const Samples in = noise(8000, 6);
  const Samples wet = Session(config_for(model, 16000)).run(in);
  pellucid_config config = config_for(model, 16000);
  config.strength = 0.25f;
  Session session(config);
  const std::size_t latency = session.latency();
  const Samples out = session.run(in);
  for (std::size_t i = latency; i < in.size(); ++i) {
    ASSERT_NEAR(out[i], 0.25 * wet[i] + 0.75 * in[i - latency], 1e-6) << i;
  }
}

TEST(Stream, SettingsChangeWithoutAClick) {
  const Model model = mask_model(0.0f);
  Session session(config_for(model, 16000));
  const Samples in = sine(16000, 250, 16000, 0.5);
  Samples out(in.size());
  double steepest = 0;
  for (std::size_t done = 0; done < in.size(); done += 1600) {
    const bool off = done / 1600 % 2 == 1;
    ASSERT_EQ(pellucid_set_strength(session.get(), off ? 0.0f : 1.0f), PELLUCID_OK);
    ASSERT_EQ(pellucid_set_attenuation_limit_db(session.get(), off ? 6.0f : 100.0f), PELLUCID_OK);
    ASSERT_EQ(pellucid_process_interleaved(session.get(), in.data() + done, out.data() + done, 1600), PELLUCID_OK);
  }
  for (std::size_t i = 1; i < out.size(); ++i) steepest = std::max(steepest, std::abs(double{out[i]} - out[i - 1]));
  // The sine's own steepest step is 0.5 * 2 pi 250 / 16000 = 0.049; a switch would make one of up to 0.5.
  EXPECT_LT(steepest, 0.06);
  EXPECT_GT(rms(out, 2800, 3200), 0.3);
  EXPECT_LT(rms(out, 4400, 4800), 1e-6);
}

TEST(Stream, ResetForgetsTheSound) {
  const Model model = random_model();
  for (const std::uint32_t rate : {16000u, 48000u}) {
    Session session(config_for(model, rate, 2));
    const Samples in = noise(rate / 2 + 38, 7);
    const Samples first = session.run(in), later = session.run(in);
    EXPECT_NE(first, later);
    ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
    EXPECT_EQ(first, session.run(in));
  }
}

}  // namespace
}  // namespace pellucid::engine
