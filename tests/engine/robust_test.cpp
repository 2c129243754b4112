// Sound that means harm, and networks that err.
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "engine/shaping.hpp"
#include "session.hpp"
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder
using Limits = std::numeric_limits<float>;

double peak(const Samples& x) {
  double largest = 0;
  for (const float v : x) {
    if (!std::isfinite(v)) return INFINITY;
    largest = std::max(largest, std::abs(double{v}));
  }
  return largest;
}

TEST(Robust, NotANumberAndInfinityCountAsZero) {
  const Model model = random_model();
  for (const std::uint32_t rate : {16000u, 44100u}) {
    Samples bad = noise(rate, 1), zeroed = bad;
    Random random(2);
    for (int i = 0; i < 300; ++i) {
      const std::size_t at = random.below(rate / 2);
      constexpr float kBad[] = {Limits::quiet_NaN(), Limits::signaling_NaN(), Limits::infinity(), -Limits::infinity()};
      bad[at] = kBad[i % 4];
      zeroed[at] = 0.0f;
    }
    for (const float strength : {0.0f, 0.5f, 1.0f}) {
      pellucid_config config = config_for(model, rate);
      config.strength = strength;
      EXPECT_EQ(Session(config).run(bad), Session(config).run(zeroed));
    }
  }
}

TEST(Robust, AllBadSamplesLeaveSilence) {
  const Model model = random_model();
  Session session(config_for(model, 16000));
  EXPECT_EQ(session.run(Samples(8000, Limits::quiet_NaN())), Samples(8000));
}

TEST(Robust, SilenceStaysSilence) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Model model = random_model(seed);
    for (const std::uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
      Session session(config_for(model, rate));
      EXPECT_EQ(session.run(Samples(rate)), Samples(rate));
      session.run(noise(rate, seed));
      const Samples after = session.run(Samples(rate));  // and again, one window after the sound
      for (std::size_t i = 2 * session.latency() + 2; i < after.size(); ++i) ASSERT_EQ(after[i], 0.0f) << i;
    }
  }
}

TEST(Robust, FullScaleAndBeyondStaysBounded) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Model model = random_model(seed);
    for (const std::uint32_t rate : {8000u, 16000u, 48000u, 192000u}) {
      Samples square(rate / 2);
      for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 37 % 2 == 0 ? 1.0f : -1.0f;
      EXPECT_LT(peak(Session(config_for(model, rate)).run(square)), 16.0) << rate;
      EXPECT_LT(peak(Session(config_for(model, rate)).run(sine(rate / 2, 997, rate, 1.0))), 16.0) << rate;
    }
    for (const float level : {1e4f, 1e9f, 1e20f, Limits::max()}) {
      Samples loud = noise(8000, seed, 1.0);
      for (float& v : loud) v *= level;
      Session session(config_for(model, 16000));
      EXPECT_LT(peak(session.run(loud)), 1e11) << level;
      const Samples after = session.run(noise(16000, 3));
      EXPECT_LT(peak({after.begin() + 4000, after.end()}), 16.0) << level;
    }
  }
}

TEST(Robust, NoBinComesOutMoreThanFourTimesAsLoud) {
  const Model model = mask_model(20.0f);  // would be 20^(1/0.3), a factor of 22 000
  for (const std::uint32_t rate : {16000u, 48000u}) {
    Session session(config_for(model, rate));
    const std::size_t latency = session.latency();
    const Samples in = sine(rate, 1000, rate, 0.1);
    const Samples out = session.run(in);
    EXPECT_NEAR(rms(out, 2 * latency, rate) / rms(in, 2 * latency, rate), 4.0, 0.01) << rate;
  }
}

TEST(Robust, NotEvenWhereTheRatioIsNoNumber) {
  const float in[] = {1e-6f, 0, 1e-15f, 0, 0, 0, 0.5f, 0};
  float out[] = {9e17f, 9e17f, 9e17f, 0, 9e17f, 9e17f, 9e17f, 9e17f};
  limit_bins(in, out, 4, 0);
  for (int k = 0; k < 4; ++k) {
    EXPECT_LE(std::hypot(out[2 * k], out[2 * k + 1]), 4.001f * std::hypot(in[2 * k], in[2 * k + 1])) << k;
  }
}

TEST(Robust, ANetworkThatOverflowsLetsTheSoundThrough) {
  const Model model = make_random_model(small_architecture(nn::TimeMixer::kConv), 1, 1e30);
  Session session(config_for(model, 16000));
  const std::size_t latency = session.latency();
  const Samples in = noise(16000, 3);
  const Samples out = session.run(in);
  for (std::size_t i = latency; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i - latency], 1e-6) << i;
}

TEST(Robust, TinySamplesLeaveTheHostsFloatingPointModeAlone) {
  const Model model = random_model();
  Session session(config_for(model, 16000));
#ifdef __SSE__
  const unsigned before = _mm_getcsr() & 0xffc0u;  // the mode, not the flags of what happened
#endif
  Samples tiny = noise(16000, 8, 1e-38);
  float fade = 1.0f;
  for (float& v : tiny) v *= fade *= 0.999f;
  EXPECT_LT(peak(session.run(tiny)), 1e-30);
#ifdef __SSE__
  EXPECT_EQ(_mm_getcsr() & 0xffc0u, before);
#endif
  volatile float small = Limits::min();
  EXPECT_GT(small * 0.25f, 0.0f);
}

TEST(Robust, DenoisersInSeveralThreadsAndSettingsFromAnother) {
  const Model model = random_model();
  const Samples in = noise(16000, 9);
  const Samples expected = Session(config_for(model, 16000)).run(in);
  Session changing(config_for(model, 16000));
  std::vector<Samples> results(2);
  std::vector<std::thread> threads;
  for (Samples& result : results) {
    threads.emplace_back([&] { result = Session(config_for(model, 16000)).run(in, [] { return 160; }); });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 5; ++i) changing.run(in, [] { return 160; });
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(pellucid_set_strength(changing.get(), static_cast<float>(i % 11) / 10), PELLUCID_OK);
    EXPECT_EQ(pellucid_set_attenuation_limit_db(changing.get(), static_cast<float>(i % 30)), PELLUCID_OK);
    EXPECT_EQ(pellucid_set_post_filter(changing.get(), static_cast<float>(i % 5) / 4), PELLUCID_OK);
    EXPECT_EQ(pellucid_set_bypass(changing.get(), i % 7 == 0), PELLUCID_OK);
  }
  for (std::thread& thread : threads) thread.join();
  for (const Samples& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace pellucid::engine
