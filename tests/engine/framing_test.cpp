// Windows and hops other than 32 and 16 ms, in the engine: latency, timing and sound at every rate.
#include <gtest/gtest.h>

#include <string>

#include "engine/denoiser.hpp"
#include "session.hpp"

namespace pellucid::engine::test {
namespace {

struct Framing {
  std::uint32_t window, hop;  // at 16 kHz
};
constexpr Framing kFramings[] = {{512, 256}, {512, 128}, {320, 160}, {320, 80}, {256, 128}, {192, 64}};

nn::Architecture framed(const Framing& framing) {
  nn::Architecture a = small_architecture();
  a.window_samples = framing.window;
  a.hop_samples = framing.hop;
  return a;
}

std::string name(const Framing& framing, std::uint32_t rate) {
  return std::to_string(framing.window) + "/" + std::to_string(framing.hop) + " at " + std::to_string(rate) + " Hz";
}

TEST(Framings, LatencyIsAWindowLessASample) {
  for (const Framing& framing : kFramings) {
    const Model model = make_random_model(framed(framing), 1);
    for (const std::uint32_t rate : kRates) {
      SCOPED_TRACE(name(framing, rate));
      const double wanted = static_cast<double>(framing.window) * rate / 16000 - 1;
      const auto latency = static_cast<double>(Session(config_for(model, rate)).latency());
      EXPECT_NEAR(latency, wanted, 0.03 * wanted + 1) << "the window is far from what it is at 16 kHz";
      if (rate % 16000 == 0) {
        EXPECT_EQ(latency, wanted);
      }
    }
  }
}

TEST(Framings, StrengthZeroReturnsTheDelayedInputToTheBit) {
  for (const Framing& framing : kFramings) {
    const Model model = make_random_model(framed(framing), 1);
    for (const std::uint32_t rate : kRates) {
      SCOPED_TRACE(name(framing, rate));
      pellucid_config config = config_for(model, rate);
      config.strength = 0.0f;
      Session session(config);
      const Samples in = noise(5 * session.latency(), rate);
      const Samples out = session.run(in);
      for (std::size_t i = 0; i < in.size(); ++i) {
        ASSERT_EQ(out[i], i < session.latency() ? 0.0f : in[i - session.latency()]) << i;
      }
    }
  }
}

TEST(Framings, AMaskOfOneReturnsTheInputInBlocksOfAnySize) {
  for (const Framing& framing : kFramings) {
    const Model model = make_random_model(framed(framing), 1, 1.0, {}, constant_mask(1.0f));
    for (const std::uint32_t rate : kRates) {
      SCOPED_TRACE(name(framing, rate));
      Session session(config_for(model, rate));
      const std::size_t latency = session.latency();
      const Samples in = noise(8 * latency, rate);
      Random random(rate);
      const Samples out = session.run(in, [&] { return std::size_t{1} + random.below(700); });
      double worst = 0;
      for (std::size_t i = 0; i + latency < in.size(); ++i) {
        worst = std::max(worst, std::abs(double{out[i + latency]} - in[i]));
      }
      EXPECT_LT(worst, 1e-5);
    }
  }
}

// What the header promises for a window of 512 and a hop of 256, at every rate that there may be.
TEST(Framings, TheWindowIsNearlyAsLongAtEveryRate) {
  const nn::Architecture a = framed({512, 256});
  double worst = 0;
  for (std::uint32_t rate = 8000; rate <= 384000; ++rate) {
    const double exact = 512.0 * rate / 16000;
    const double off = std::abs(window_for(a, rate) - exact) / exact;
    worst = std::max(worst, off);
    if (rate == 11025 || rate == 22050 || rate == 44100) {
      EXPECT_LT(off, 0.00235) << rate;
    }
  }
  EXPECT_LT(worst, 0.02);
}

// Gains of every kind of network leave no sample that is not finite, and other sound than came.
TEST(Framings, EveryCombinationRuns) {
  for (nn::Architecture a : nn::test::every_combination()) {
    SCOPED_TRACE(nn::test::combination_name(a));
    a.window_samples = 320;
    a.hop_samples = 80;
    const Model model = make_random_model(a, 3);
    Session session(config_for(model, 44100));
    const Samples in = noise(44100 / 4, 9);
    const Samples out = session.run(in);
    double difference = 0;
    for (std::size_t i = session.latency(); i < out.size(); ++i) {
      ASSERT_TRUE(std::isfinite(out[i])) << i;
      difference = std::max(difference, std::abs(double{out[i]} - in[i - session.latency()]));
    }
    EXPECT_GT(difference, 1e-3);
  }
}

}  // namespace
}  // namespace pellucid::engine::test
