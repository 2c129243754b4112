#include "audio/resampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "audio/sound.hpp"
#include "support/random.hpp"

namespace pellucid::audio {
namespace {

std::vector<float> sine(double frequency_hz, int rate_hz, std::size_t frames) {
  std::vector<float> x(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    x[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / rate_hz));
  }
  return x;
}

TEST(Resampler, KeepsASineInTimeAndHeight) {
  for (const auto& [from, to] :
       {std::pair{44100, 16000}, {16000, 48000}, {48000, 16000}, {11025, 44100}, {12345, 16000}}) {
    const std::size_t frames = static_cast<std::size_t>(from) / 2;
    const std::vector<float> out = resample(sine(1000, from, frames), from, to);
    ASSERT_EQ(static_cast<std::int64_t>(out.size()), resampled_frames(static_cast<std::int64_t>(frames), from, to));
    const std::vector<float> expected = sine(1000, to, out.size());
    for (std::size_t i = 500; i + 500 < out.size(); ++i)
      ASSERT_NEAR(out[i], expected[i], 1e-5f) << from << " to " << to;
  }
}

TEST(Resampler, RemovesWhatTheLowerRateCannotHold) {
  const std::vector<float> out = resample(sine(9000, 48000, 48000), 48000, 16000);
  for (std::size_t i = 500; i + 500 < out.size(); ++i) ASSERT_LT(std::abs(out[i]), 1e-5f);
}

TEST(Resampler, IsTheSameInBlocksOfAnySize) {
  std::vector<float> x(2 * 30000), whole, pieces;
  Random random(4);
  for (float& sample : x) sample = static_cast<float>(random.uniform(-1, 1));
  StreamResampler once(44100, 16000, 2), often(44100, 16000, 2);
  once.process(x, whole);
  once.finish(whole);
  for (std::size_t at = 0; at < x.size();) {
    const std::size_t count = std::min<std::size_t>(2 * (1 + random.integer(700)), x.size() - at);
    often.process(std::span(x).subspan(at, count), pieces);
    at += count;
  }
  often.finish(pieces);
  EXPECT_EQ(whole, pieces);
}

TEST(Resampler, CountsAsLibrosa) {
  EXPECT_EQ(resampled_frames(0, 44100, 16000), 0);
  EXPECT_EQ(resampled_frames(1, 44100, 16000), 1);
  EXPECT_EQ(resampled_frames(441, 44100, 16000), 160);
  EXPECT_EQ(resampled_frames(442, 44100, 16000), 161);
  EXPECT_TRUE(resample({}, 44100, 16000).empty());
  EXPECT_EQ(resample(std::vector<float>{0.5f}, 16000, 16000), std::vector<float>{0.5f});
}

}  // namespace
}  // namespace pellucid::audio
