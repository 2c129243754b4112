// What the engine takes for speech, and how loud: from powers of frames, as a network that knows speech from hiss keeps
// and removes them.
#include "engine/activity.hpp"

#include <gtest/gtest.h>

namespace pellucid::engine {
namespace {

constexpr float kHop = 0.016f;
constexpr float kHiss = 1e-6f;  // mean square
constexpr float kTalkHeard = (0.5f + 0.1f) / 2.5f;

class ActivityTest : public ::testing::Test {
 protected:
  ActivityTest() { activity_.init(kHop); }

  /// Somebody speaks for the first half second of every 2.5 (0: nobody). Returns the share that is taken for speech.
  float talk(float seconds, float power) {
    const int frames = static_cast<int>(seconds / kHop);
    int heard = 0;
    for (int i = 0; i < frames; ++i) {
      const bool speaks = power > 0 && i % 156 < 31;
      const float swing = i % 8 < 4 ? 1.5f : 0.5f;
      activity_.update({(speaks ? swing * power : 0.0f) + 1e-3f * kHiss, (speaks ? 1e-3f * power : 0.0f) + kHiss});
      heard += activity_.active() ? 1 : 0;
    }
    return static_cast<float>(heard) / static_cast<float>(frames);
  }
  void expect_snr_of(float power) { EXPECT_NEAR(activity_.snr_db(), dbfs_of(power) - dbfs_of(kHiss), 2.5f); }

  Activity activity_;
};

TEST_F(ActivityTest, TellsSpeechAndItsSnr) {
  EXPECT_NEAR(talk(12.5f, 1e-3f), kTalkHeard, 0.02f);
  expect_snr_of(1e-3f);
}

TEST_F(ActivityTest, AClickIsForgotten) {
  talk(10, 1e-3f);
  activity_.update({1.0f, 1.0f});
  talk(10, 1e-3f);
  expect_snr_of(1e-3f);
  EXPECT_NEAR(talk(5, 1e-3f), kTalkHeard, 0.02f);
}

TEST_F(ActivityTest, ASecondAsLoudAsCanBeIsForgotten) {
  talk(10, 1e-3f);
  for (int i = 0; i < 60; ++i) activity_.update({1.0f, 1.0f});
  EXPECT_NEAR(talk(20, 1e-3f), kTalkHeard, 0.05f);
  talk(20, 1e-3f);
  expect_snr_of(1e-3f);
}

TEST_F(ActivityTest, AFarTalkerIsHeardSoonAfterANearOne) {
  talk(12.5f, 0.1f);
  expect_snr_of(0.1f);
  talk(10, 1e-4f);
  EXPECT_NEAR(talk(5, 1e-4f), kTalkHeard, 0.02f);
  EXPECT_LT(activity_.snr_db(), 30) << "20, and less than ten above";
}

TEST_F(ActivityTest, AFarTalkerIsHeardSoonAlsoAtOtherPaces) {
  for (const float hop_s : {0.002f, 0.008f, 0.032f}) {
    activity_ = Activity();
    activity_.init(hop_s);
    const auto hear = [&](float seconds, float power) {
      for (float t = 0; t < seconds; t += hop_s) activity_.update({power, 1e-3f * power + kHiss});
    };
    hear(4, 0.1f);
    hear(5.5f, 1e-9f);
    hear(1, 1e-4f);
    expect_snr_of(1e-4f);
  }
}

TEST_F(ActivityTest, APauseChangesNoLevelOfSpeech) {
  talk(9.9f, 1e-3f);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(talk(3, 0), 0);
    expect_snr_of(1e-3f);
  }
  for (int i = 0; i < 120; ++i) {  // not even at the first words after it
    talk(kHop, 1e-3f);
    expect_snr_of(1e-3f);
  }
}

}  // namespace
}  // namespace pellucid::engine
