// How quiet sound is brought to where the network hears it.
#include "engine/lift.hpp"

#include <gtest/gtest.h>

#include "../nn/random_integer_model.hpp"
#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

constexpr std::uint32_t kEnough = 1u << 20;

Lift lift() {
  Lift lift;
  lift.init(20, {30, 10});
  return lift;
}

int after(Lift& lift, std::uint32_t parts, int frames) {
  std::int32_t bits = 0;
  for (int i = 0; i < frames; ++i) bits = lift.update(parts);
  return bits;
}

TEST(Lift, LoudSoundIsLeftAlone) {
  Lift l = lift();
  EXPECT_EQ(after(l, kEnough, 1), 0);
  EXPECT_EQ(after(l, kEnough, 1000), 0);
  EXPECT_EQ(after(l, 0xffffffffu, 1000), 0);
  EXPECT_EQ(after(l, kEnough, 1), 0);
}

TEST(Lift, QuietSoundIsLiftedStepByStepUntilItIsLoudEnough) {
  Lift l = lift();
  EXPECT_EQ(after(l, kEnough >> 6, 9), 0);
  EXPECT_EQ(after(l, kEnough >> 6, 1), 1);
  EXPECT_EQ(after(l, kEnough >> 6, 50), 6);
  EXPECT_EQ(after(l, kEnough >> 6, 1000), 6);
  EXPECT_EQ(after(l, kEnough >> 15, 1000), Lift::kMostBits);
}

TEST(Lift, ALouderPartCountsAtOnce) {
  Lift l = lift();
  after(l, kEnough >> 6, 1000);
  EXPECT_EQ(after(l, kEnough >> 2, 1), 2);
  EXPECT_EQ(after(l, kEnough << 3, 1), 0);
}

TEST(Lift, PausesOfSpeechChangeNothing) {
  Lift l = lift();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(after(l, kEnough >> 2, 1), i == 0 ? 0 : 2);
    if (i == 0) after(l, kEnough >> 2, 100);
    EXPECT_EQ(after(l, kEnough >> 6, 29), 2);
  }
  EXPECT_EQ(after(l, kEnough >> 6, 1), 3) << "a long one does";
  EXPECT_EQ(after(l, kEnough >> 6, 10), 4);
}

TEST(Lift, NothingTellsNothing) {
  Lift l = lift();
  EXPECT_EQ(after(l, 0, 1000), 0);
  after(l, kEnough >> 6, 1000);
  EXPECT_EQ(after(l, 0, 1000), 6);
}

TEST(Lift, EnoughIsTheSameForEveryWindowAndUnit) {
  EXPECT_EQ(enough_bit(512, 20), 21);
  EXPECT_EQ(enough_bit(256, 20), 20);
  EXPECT_EQ(enough_bit(512, 12), 13);
  EXPECT_EQ(lift_pace(16000, 256).bit, 93u);
  EXPECT_EQ(lift_pace(16000, 32).pause, 2500u);
}

// Whatever a network does to sound that is lifted, it does to the same sound 12 dB weaker, once that is lifted as well.
TEST(Lift, TheNetworkHearsQuietSoundAsLouderSound) {
  const nn::Architecture finite = small_architecture(nn::TimeMixer::kConv);  // forgets what came before
  for (const Model& model : {make_random_model(finite, 5), nn::test::make_random_integer_model(finite, 5)}) {
    for (const std::uint32_t rate : {16000u, 48000u}) {
      const Samples loud = noise(std::size_t{20} * rate, 3, 0.1 / 16);
      Samples quiet = loud;
      for (float& x : quiet) x *= 0.25f;
      const Samples out = Session(config_for(model, rate)).run(loud), low = Session(config_for(model, rate)).run(quiet);
      const std::size_t from = std::size_t{15} * rate;
      double error = 0, energy = 0;
      for (std::size_t i = from; i < out.size(); ++i) {
        error += std::pow(4.0 * low[i] - out[i], 2);
        energy += std::pow(double{out[i]}, 2);
      }
      EXPECT_LT(error, 1e-2 * energy) << rate;
    }
  }
}

}  // namespace
}  // namespace pellucid::engine
