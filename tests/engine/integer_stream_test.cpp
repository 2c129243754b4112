// int8 models through the C API.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../nn/owned_integer_network.hpp"
#include "../nn/random_integer_model.hpp"
#include "engine/integer_denoiser.hpp"
#include "engine/spectral_network.hpp"
#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder
using Pcm = std::vector<std::int16_t>;

Model integer_model() { return nn::test::make_random_integer_model(small_architecture(), 1); }

Pcm pcm_noise(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Pcm samples(count);
  for (std::int16_t& v : samples) v = static_cast<std::int16_t>(random.below(16384) - 8192);
  return samples;
}

/// What IntegerDenoiser makes of whole hops, one hop later.
Pcm reference(const Model& bytes, Pcm samples, std::int32_t limit_q8, std::int32_t strength) {
  const nn::test::OwnedIntegerModel owned(bytes);
  const nn::Architecture& a = owned.model.architecture;
  const auto state = nn::test::aligned_bytes(IntegerDenoiser::state_bytes(a));
  const auto scratch = nn::test::aligned_bytes(IntegerDenoiser::scratch_bytes(a));
  IntegerDenoiser denoiser;
  denoiser.init(owned.model, nn::kScalarIntegerKernels, state.get(), scratch.get());
  denoiser.set_attenuation_limit_q8(limit_q8);
  denoiser.set_strength(strength);
  denoiser.reset();
  for (std::size_t at = 0; at < samples.size(); at += 256) denoiser.process(&samples[at], &samples[at]);
  return samples;
}

Pcm run(const pellucid_config& config, const Pcm& in) {
  Session session(config);
  Random random(1);
  Pcm out(in.size());
  for (std::size_t done = 0; done < in.size() / config.channels;) {
    const std::size_t n = std::min<std::size_t>(1 + random.below(700), in.size() / config.channels - done);
    EXPECT_EQ(pellucid_process_interleaved_int16(session.get(), in.data() + done * config.channels,
                                                 out.data() + done * config.channels, n),
              PELLUCID_OK);
    done += n;
  }
  return out;
}

TEST(IntegerStream, GivesWhatTheDenoiserOfChipsGivesToTheBit) {
  const Model model = integer_model();
  const Pcm in = pcm_noise(40 * 256, 2);
  for (const float limit_db : {100.0f, 12.0f}) {
    for (const float strength : {1.0f, 0.5f, 0.0f}) {
      pellucid_config config = config_for(model, 16000);
      config.attenuation_limit_db = limit_db;
      config.strength = strength;
      const Pcm out = run(config, in);
      const Pcm expected =
          reference(model, in, static_cast<std::int32_t>(256 * limit_db), static_cast<std::int32_t>(32768 * strength));
      for (std::size_t i = 256; i + 255 < in.size(); ++i) ASSERT_EQ(out[i + 255], expected[i]) << i;
    }
  }
}

TEST(IntegerStream, TheInputsShareOfFloatSamplesHasAllTheirBits) {
  const Model model = integer_model();
  Samples in = noise(40 * 256, 6, 2e-5);                         // below a step of 16 bits
  for (std::size_t i = 0; i < in.size(); i += 7) in[i] *= 2e5f;  // above full scale
  for (std::size_t i = 3; i < in.size(); i += 7) in[i] *= 5e7f;
  for (const bool bypass : {false, true}) {
    pellucid_config config = config_for(model, 16000);
    if (!bypass) config.strength = 0;
    Session session(config);
    if (bypass) pellucid_set_bypass(session.get(), 1);
    pellucid_reset(session.get());
    const Samples out = session.run(in);
    for (std::size_t i = 511; i < in.size(); ++i) ASSERT_EQ(out[i], in[i - 511]) << i << (bypass ? ", bypass" : "");
  }
  // At half the strength: half of what 16 bits make, and half of the input with all its bits.
  const auto at = [&](float strength) {
    pellucid_config config = config_for(model, 16000);
    config.strength = strength;
    return Session(config).run(in);
  };
  const Samples whole = at(1), half = at(0.5f);
  for (std::size_t i = 511; i < in.size(); ++i)
    ASSERT_NEAR(half[i], 0.5f * (whole[i] + in[i - 511]), 2e-5 + 1e-7 * std::abs(in[i - 511])) << i;
}

TEST(IntegerStream, ChannelsDoNotDisturbOneAnother) {
  const Model model = integer_model();
  const Pcm left = pcm_noise(20 * 256, 3), right = pcm_noise(20 * 256, 4);
  Pcm both;
  for (std::size_t i = 0; i < left.size(); ++i) {
    both.push_back(left[i]);
    both.push_back(right[i]);
  }
  const Pcm out = run(config_for(model, 16000, 2), both);
  const Pcm only_left = run(config_for(model, 16000), left), only_right = run(config_for(model, 16000), right);
  for (std::size_t i = 0; i < left.size(); ++i) {
    ASSERT_EQ(out[2 * i], only_left[i]);
    ASSERT_EQ(out[2 * i + 1], only_right[i]);
  }
}

double rms(const Pcm& x, std::size_t from) {
  double sum = 0;
  for (std::size_t i = from; i < x.size(); ++i) sum += double(x[i]) * x[i];
  return std::sqrt(sum / static_cast<double>(x.size() - from));
}

TEST(IntegerStream, RunsAtEveryRateWithEveryOption) {
  const Model model = integer_model();
  for (const std::uint32_t rate : kRates) {
    const Pcm in = pcm_noise(rate / 4 * 2, rate);
    for (int option = 0; option < 3; ++option) {
      pellucid_config config = config_for(model, rate, 2);
      if (option == 1) config.post_filter = 1.0f;
      if (option == 2) config.channel_link = PELLUCID_CHANNELS_LINKED;
      const Pcm out = run(config, in);
      EXPECT_GT(rms(out, in.size() / 2), 1) << rate << ' ' << option;
      EXPECT_LT(rms(out, in.size() / 2), 4 * rms(in, in.size() / 2)) << rate << ' ' << option;
    }
  }
}

TEST(IntegerStream, LinkedChannelsThatAreTheSameAreOneChannel) {
  const Model model = integer_model();
  const Pcm mono = pcm_noise(20 * 256, 6);
  Pcm both;
  for (const std::int16_t x : mono) both.insert(both.end(), {x, x});
  pellucid_config config = config_for(model, 16000, 2);
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  const Pcm out = run(config, both);
  for (std::size_t i = 0; i < mono.size(); ++i) ASSERT_EQ(out[2 * i], out[2 * i + 1]);
}

TEST(IntegerStream, KnowsItsStatusAndSurvivesNonsense) {
  const Model model = integer_model();
  Session session(config_for(model, 16000));
  Samples in = noise(40 * 256, 7);
  in[100] = NAN;
  in[5000] = INFINITY;
  in[6000] = 1e30f;
  const Samples out = session.run(in);
  for (const float x : out) ASSERT_LE(std::abs(x), 1.0f);
  pellucid_status status = {};
  status.struct_size = sizeof status;
  ASSERT_EQ(pellucid_get_status(session.get(), &status), PELLUCID_OK);
  EXPECT_NEAR(status.input_dbfs, 20 * std::log10(test::rms(in, 39 * 256, 40 * 256)), 0.1);
  EXPECT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
}

TEST(IntegerStream, OffItsRateIsCutAboveASineOf3Point1) {  // as the header says
  for (std::uint32_t window = 64; window <= 1024; window *= 2) {
    const float step = 3.14159265f / static_cast<float>(window);
    float sum = 0.0f;  // of the square root of a Hann window
    for (std::uint32_t i = 0; i < window; ++i) sum += std::sin(step * static_cast<float>(i));
    const std::int32_t q = 15 + dsp::fixed_fraction_bits(window);
    const float parts[] = {3.1f * sum / 2, 3.2f * sum / 2};
    std::int32_t heard[2];
    to_integers(parts, 2, q, heard);
    EXPECT_EQ(heard[0], std::lround(std::ldexp(parts[0], q))) << window;
    EXPECT_EQ(heard[1], 1 << 29) << window;
  }
}

}  // namespace
}  // namespace pellucid::engine
