#include "corpus/mix_clips.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "corpus/mix.hpp"
#include "mix_memory.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kRate = 16000;

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

TEST(Catalogue, DrawsInProportionToWeights) {
  WeightedChoice choice;
  for (const double weight : {1.0, 0.0, 3.0}) choice.add(weight);
  Random rng(1);
  int counts[3] = {};
  for (int i = 0; i < 40000; ++i) ++counts[choice.draw(rng)];
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[0], 10000, 500);
}

TEST(Catalogue, OneBigFolderOfNoiseDoesNotDrownTheOthers) {
  MemoryClips clips;
  for (int k = 0; k < 9; ++k) clips.add(Kind::kNoise, "big/" + std::to_string(k), "b", hiss(1, kRate));
  clips.add(Kind::kNoise, "small/0", "s", hiss(1, kRate));
  const Catalogue catalogue(clips, Split::kTrain);
  ASSERT_EQ(catalogue.noises().size(), 2u);
  Random rng(1);
  int small = 0;
  for (int i = 0; i < 10000; ++i) small += catalogue.noises()[catalogue.draw_noise(rng)].clips.size() == 1;
  EXPECT_NEAR(small, 2500, 250) << "a tenth of the seconds: 1 / (1 + sqrt(9)) of the draws";
}

TEST(Catalogue, KeepsSplitsApart) {
  MemoryClips clips;
  clips.add(Kind::kSpeech, "a/0", "a", talk(1, kRate), Split::kTrain);
  clips.add(Kind::kSpeech, "b/0", "b", talk(2, kRate), Split::kValid);
  clips.add(Kind::kRir, "r/0", "r", hiss(2, 100), Split::kValid);
  EXPECT_EQ(Catalogue(clips, Split::kTrain).speakers().at(0).name, "a");
  EXPECT_TRUE(Catalogue(clips, Split::kTrain).rooms().empty());
  EXPECT_EQ(Catalogue(clips, Split::kValid).rooms().size(), 1u);
  EXPECT_TRUE(Catalogue(clips, Split::kTest).speakers().empty());
}

TEST(FillSpeech, ShortClipsOfOneSpeakerFollowOneAnotherWithPauses) {
  const MemoryClips clips = small_collection();
  const Catalogue catalogue(clips, Split::kTrain);
  bool several = false, paused = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Random rng(seed);
    std::vector<float> x(8 * kRate);
    std::vector<std::string> names;
    catalogue.fill_speech(2, rng, x, &names);
    for (const auto& name : names) EXPECT_EQ(folder_of(name), "speaker2");
    several |= names.size() > 1;
    std::size_t zeros = 0, longest = 0;
    for (const float v : x) longest = std::max(longest, zeros = v == 0 ? zeros + 1 : 0);
    EXPECT_LT(longest, static_cast<std::size_t>(kRate));
    paused |= longest > 800;
    EXPECT_NEAR(static_cast<double>(active_level(x, kRate).level_dbfs), -26, 3);
  }
  EXPECT_TRUE(several);
  EXPECT_TRUE(paused);
}

TEST(FillSpeech, LongClipsGiveDifferentStretches) {
  MemoryClips clips;
  clips.add(Kind::kSpeech, "a/long", "a", talk(1, 60 * kRate));
  const Catalogue catalogue(clips, Split::kTrain);
  std::set<float> starts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random rng(seed);
    std::vector<float> x(2 * kRate);
    catalogue.fill_speech(0, rng, x, nullptr);
    starts.insert(x[kRate]);
  }
  EXPECT_GT(starts.size(), 15u);
}

TEST(FillNoise, LongRecordingsComeUnchanged) {
  MemoryClips clips;
  const auto all = hiss(3, 10 * kRate);
  clips.add(Kind::kNoise, "n/long", "n", all);
  const Catalogue catalogue(clips, Split::kTrain);
  Random rng(1);
  std::vector<float> x(kRate);
  catalogue.fill_noise(0, rng, x, nullptr);
  EXPECT_NE(std::search(all.begin(), all.end(), x.begin(), x.end()), all.end());
}

TEST(FillNoise, SilentStretchesAreAvoided) {
  MemoryClips clips;
  std::vector<float> all(20 * kRate, 0.0f);
  const auto sound = hiss(3, 10 * kRate);
  std::copy(sound.begin(), sound.end(), all.begin());
  clips.add(Kind::kNoise, "n/half", "n", all);
  const Catalogue catalogue(clips, Split::kTrain);
  int silent = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random rng(seed);
    std::vector<float> x(kRate);
    catalogue.fill_noise(0, rng, x, nullptr);
    silent += rms(x) < 1e-6;
  }
  EXPECT_LT(silent, 10) << "half of the stretches are silent";
}

TEST(FillNoise, LoopsHaveNoDipAndNoClick) {
  MemoryClips clips;
  clips.add(Kind::kNoise, "n/loop", "n", hiss(3, 2 * kRate));
  const Catalogue catalogue(clips, Split::kTrain);
  int looped = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random rng(seed);
    std::vector<float> x(10 * kRate);
    catalogue.fill_noise(0, rng, x, nullptr);
    if (std::count(x.begin(), x.end(), 0.0f) > 100) continue;  // with gaps instead
    ++looped;
    const auto levels = frame_levels_db(x, kRate / 50);
    EXPECT_GT(levels.front(), levels[levels.size() / 2] - 2);
    EXPECT_LT(levels.back(), levels[levels.size() / 2] + 2);
  }
  EXPECT_GT(looped, 10);
}

TEST(FillNoise, ShortEffectsComeAgainAfterRandomGaps) {
  MemoryClips clips;
  clips.add(Kind::kNoise, "n/door", "n", hiss(3, kRate / 5));
  const Catalogue catalogue(clips, Split::kTrain);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random rng(seed);
    std::vector<float> x(10 * kRate);
    catalogue.fill_noise(0, rng, x, nullptr);
    int onsets = 0;
    std::size_t quiet = 1000;
    for (const float v : x) {
      if (v != 0 && quiet > 200) ++onsets;
      quiet = v == 0 ? quiet + 1 : 0;
    }
    EXPECT_GE(onsets, 5);
    EXPECT_LE(onsets, 46);
  }
}

TEST(Babble, IsMadeOfOtherSpeakers) {
  const MemoryClips clips = small_collection();
  const Catalogue catalogue(clips, Split::kTrain);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random rng(seed);
    std::vector<float> x(3 * kRate);
    std::vector<std::string> names;
    ASSERT_TRUE(catalogue.fill_babble(1, 5, rng, x, &names));
    for (const auto& name : names) EXPECT_NE(folder_of(name), "speaker1");
    EXPECT_GE(names.size(), 2u);
    EXPECT_GT(rms(x), 0.02);
  }
}

TEST(Babble, NeedsAnotherSpeaker) {
  MemoryClips clips;
  clips.add(Kind::kSpeech, "a/0", "a", talk(1, kRate));
  const Catalogue catalogue(clips, Split::kTrain);
  Random rng(1);
  std::vector<float> x(kRate);
  EXPECT_FALSE(catalogue.fill_babble(0, 3, rng, x, nullptr));
}

}  // namespace
}  // namespace pellucid::corpus
