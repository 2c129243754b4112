// 16-bit samples: what the float functions do, rounded.
#include <gtest/gtest.h>

#include <algorithm>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder
using Pcm = std::vector<std::int16_t>;

Pcm pcm_noise(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Pcm samples(count);
  for (std::int16_t& v : samples) v = static_cast<std::int16_t>(random.below(65536) - 32768);
  return samples;
}

Samples to_samples(const Pcm& pcm) {
  Samples samples;
  for (const std::int16_t v : pcm) samples.push_back(static_cast<float>(v) / 32768.0f);
  return samples;
}

Pcm rounded(const Samples& samples) {
  Pcm pcm;
  for (const float v : samples) {
    pcm.push_back(static_cast<std::int16_t>(std::nearbyint(std::clamp(double{v} * 32768, -32768.0, 32767.0))));
  }
  return pcm;
}

Pcm run(Session& session, std::size_t channels, const Pcm& in, const std::function<std::size_t()>& block) {
  Pcm out(in.size());
  for (std::size_t done = 0; done < in.size() / channels;) {
    const std::size_t n = std::min(block(), in.size() / channels - done);
    EXPECT_EQ(
        pellucid_process_interleaved_int16(session.get(), in.data() + done * channels, out.data() + done * channels, n),
        PELLUCID_OK);
    done += n;
  }
  return out;
}

TEST(Int16, IsTheFloatResultRounded) {
  const Model model = random_model();
  for (const std::uint32_t rate : kRates) {
    const Pcm in = pcm_noise(rate / 4 * 2, rate);
    const Samples expected = Session(config_for(model, rate, 2)).run(to_samples(in));
    Session session(config_for(model, rate, 2));
    Random random(rate);
    EXPECT_EQ(run(session, 2, in, [&] { return 1 + random.below(3000); }), rounded(expected)) << rate;
  }
}

TEST(Int16, BypassAndStrengthZeroReturnTheDelayedInputToTheBit) {
  const Model model = random_model();
  Pcm in;
  for (int v = -32768; v <= 32767; ++v) in.push_back(static_cast<std::int16_t>(v));
  for (const std::uint32_t rate : kRates) {
    for (const bool bypass : {true, false}) {
      pellucid_config config = config_for(model, rate);
      if (!bypass) config.strength = 0.0f;
      Session session(config);
      if (bypass) {
        ASSERT_EQ(pellucid_set_bypass(session.get(), 1), PELLUCID_OK);
        ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
      }
      const Pcm out = run(session, 1, in, [] { return 777; });
      const std::size_t late = session.latency();
      ASSERT_TRUE(std::equal(in.begin(), in.end() - static_cast<std::ptrdiff_t>(late),
                             out.begin() + static_cast<std::ptrdiff_t>(late)))
          << rate;
    }
  }
}

TEST(Int16, Saturates) {
  const Model model = mask_model(20.0f);  // as loud as is allowed, four times
  Session session(config_for(model, 16000));
  Pcm in;
  for (const float v : sine(16000, 500, 16000, 0.9)) in.push_back(static_cast<std::int16_t>(v * 32767));
  const Pcm out = run(session, 1, in, [] { return 500; });
  EXPECT_EQ(*std::max_element(out.begin(), out.end()), 32767);
  EXPECT_EQ(*std::min_element(out.begin(), out.end()), -32768);
  const Samples as_float = Session(config_for(model, 16000)).run(to_samples(in));
  EXPECT_EQ(out, rounded(as_float));
}

TEST(Int16, PlanarInterleavedAndInPlaceAreTheSame) {
  const Model model = random_model();
  constexpr std::size_t kFrames = 3000, kChannels = 3;
  const Pcm in = pcm_noise(kFrames * kChannels, 4);
  Session first(config_for(model, 24000, kChannels));
  const Pcm expected = run(first, kChannels, in, [] { return kFrames; });

  Pcm in_place = in;
  Session second(config_for(model, 24000, kChannels));
  ASSERT_EQ(pellucid_process_interleaved_int16(second.get(), in_place.data(), in_place.data(), kFrames), PELLUCID_OK);
  EXPECT_EQ(in_place, expected);

  for (const bool same : {true, false}) {
    std::vector<Pcm> from(kChannels, Pcm(kFrames)), to = from;
    for (std::size_t i = 0; i < in.size(); ++i) from[i % kChannels][i / kChannels] = in[i];
    const std::int16_t* inputs[kChannels];
    std::int16_t* outputs[kChannels];
    for (std::size_t c = 0; c < kChannels; ++c) {
      inputs[c] = from[c].data();
      outputs[c] = (same ? from : to)[c].data();
    }
    Session third(config_for(model, 24000, kChannels));
    ASSERT_EQ(pellucid_process_int16(third.get(), inputs, outputs, kFrames), PELLUCID_OK);
    for (std::size_t i = 0; i < in.size(); ++i) {
      ASSERT_EQ(outputs[i % kChannels][i / kChannels], expected[i]) << i;
    }
  }
}

TEST(Int16, TakesTurnsWithFloat) {
  const Model model = random_model();
  const Pcm in = pcm_noise(8000, 5);
  const Samples as_float = to_samples(in), expected = Session(config_for(model, 16000)).run(as_float);
  Session session(config_for(model, 16000));
  for (std::size_t done = 0; done < in.size(); done += 100) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(done);
    if (done % 300 == 0) {
      Pcm out(100);
      ASSERT_EQ(pellucid_process_interleaved_int16(session.get(), &in[done], out.data(), 100), PELLUCID_OK);
      ASSERT_EQ(out, rounded({expected.begin() + at, expected.begin() + at + 100}));
    } else {
      Samples out(100);
      ASSERT_EQ(pellucid_process_interleaved(session.get(), &as_float[done], out.data(), 100), PELLUCID_OK);
      ASSERT_EQ(out, Samples(expected.begin() + at, expected.begin() + at + 100));
    }
  }
}

TEST(Int16, ChecksItsPointers) {
  const Model model = random_model();
  Session session(config_for(model, 16000, 2));
  std::int16_t buffer[64] = {};
  std::int16_t* plane[2] = {buffer, buffer + 32};
  std::int16_t* broken[2] = {buffer, nullptr};
  EXPECT_EQ(pellucid_process_int16(nullptr, plane, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_int16(session.get(), nullptr, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_int16(session.get(), broken, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_int16(session.get(), plane, broken, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_int16(session.get(), plane, plane, 8), PELLUCID_OK);
  EXPECT_EQ(pellucid_process_interleaved_int16(session.get(), buffer, nullptr, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_interleaved_int16(nullptr, buffer, buffer, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_interleaved_int16(session.get(), nullptr, nullptr, 0), PELLUCID_OK);
}

}  // namespace
}  // namespace pellucid::engine
