#include "corpus/loader_pair.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "corpus/mix.hpp"
#include "mix_memory.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kRate = 16000;
constexpr std::size_t kChunk = 2 * kRate;

struct Pair {
  std::vector<float> noisy, clean;
  PairInfo info;
  bool operator==(const Pair& other) const { return noisy == other.noisy && clean == other.clean; }
};

Pair make(const MemoryClips& clips, const MixOptions& options, std::uint64_t index, std::uint64_t seed = 1,
          std::size_t chunk = kChunk) {
  Pair pair{std::vector<float>(chunk), std::vector<float>(chunk), {}};
  PairMaker(clips, options, Split::kTrain).make(seed, index, pair.noisy, pair.clean, &pair.info);
  return pair;
}

// Speech and recorded noise, nothing done to either.
MixOptions plain() {
  MixOptions options;
  for (double MixOptions::*entry :
       {&MixOptions::high_snr_probability, &MixOptions::clean_probability, &MixOptions::silence_probability,
        &MixOptions::second_noise_probability, &MixOptions::synthetic_probability, &MixOptions::babble_probability,
        &MixOptions::transient_probability, &MixOptions::gain_ramp_probability, &MixOptions::equalizer_probability,
        &MixOptions::room_probability, &MixOptions::lowpass_probability, &MixOptions::clip_probability,
        &MixOptions::quantize_probability})
    options.*entry = 0;
  return options;
}

double snr_db(const Pair& pair) {
  return static_cast<double>(active_level(pair.clean, kRate).level_dbfs) -
         20 * std::log10(rms(difference(pair.noisy, pair.clean)));
}

const MemoryClips& collection() {
  static const MemoryClips clips = small_collection();
  return clips;
}

TEST(PairMaker, IsAPureFunctionOfSeedAndIndex) {
  const MixOptions usual;
  std::vector<Pair> first;
  for (std::uint64_t i = 0; i < 40; ++i) first.push_back(make(collection(), usual, i));
  for (std::uint64_t i = 40; i-- > 0;) EXPECT_EQ(make(collection(), usual, i), first[i]) << i;
  std::set<std::vector<float>> different;
  for (const Pair& pair : first) different.insert(pair.noisy);
  EXPECT_EQ(different.size(), first.size());
  EXPECT_FALSE(make(collection(), usual, 3, 2) == first[3]) << "another seed";
}

TEST(PairMaker, ThreadsDoNotChangeAnything) {
  const MixOptions usual;
  const PairMaker maker(collection(), usual, Split::kTrain);
  std::vector<Pair> alone, together(24);
  for (std::uint64_t i = 0; i < together.size(); ++i) alone.push_back(make(collection(), usual, i));
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = t; i < together.size(); i += 3) {
        together[i] = {std::vector<float>(kChunk), std::vector<float>(kChunk), {}};
        maker.make(1, i, together[i].noisy, together[i].clean);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(alone[i], together[i]);
}

TEST(PairMaker, UsualPairsAreFiniteWithinFullScaleAndNotEmpty) {
  const MixOptions usual;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const Pair pair = make(collection(), usual, i);
    for (const float v : pair.noisy) ASSERT_TRUE(std::isfinite(v));
    for (const float v : pair.clean) ASSERT_TRUE(std::isfinite(v));
    EXPECT_LE(peak(pair.noisy), 1.0);
    EXPECT_LE(peak(pair.clean), 1.0);
    EXPECT_GT(peak(pair.noisy), 0);
  }
}

TEST(PairMaker, SnrAndLevelAreWhatTheInfoSays) {
  MixOptions options = plain();
  options.level_min_dbfs = -45;
  options.level_max_dbfs = -20;
  std::set<int> snrs;
  for (std::uint64_t i = 0; i < 60; ++i) {
    // What changes both alike leaves the definition as it is.
    options.lowpass_probability = i % 2 ? 1 : 0;
    options.equalizer_probability = i % 3 ? 1 : 0;
    options.gain_ramp_probability = options.second_noise_probability = options.transient_probability = i % 5 ? 0 : 1;
    const Pair pair = make(collection(), options, i);
    EXPECT_NEAR(snr_db(pair), pair.info.snr_db, 0.05);
    EXPECT_NEAR(static_cast<double>(active_level(pair.clean, kRate).level_dbfs), pair.info.level_dbfs, 0.05);
    EXPECT_GE(pair.info.snr_db, -5);
    EXPECT_LE(pair.info.snr_db, 20);
    EXPECT_LE(pair.info.level_dbfs, -19.7);
    snrs.insert(static_cast<int>(std::floor(pair.info.snr_db / 5)));
  }
  EXPECT_EQ(snrs.size(), 5u) << "all over the range";
}

TEST(PairMaker, SomeSnrsAreHigh) {
  MixOptions options = plain();
  options.high_snr_probability = 1;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Pair pair = make(collection(), options, i);
    EXPECT_GE(pair.info.snr_db, 30);
    EXPECT_LE(pair.info.snr_db, 40);
    EXPECT_NEAR(snr_db(pair), pair.info.snr_db, 0.05);
  }
}

TEST(PairMaker, PeaksStayBelowFullScaleAtAnyLevel) {
  MixOptions options = plain();
  options.level_min_dbfs = options.level_max_dbfs = -3;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const Pair pair = make(collection(), options, i);
    EXPECT_LT(peak(pair.noisy), 0.995);
    EXPECT_LT(peak(pair.clean), 1);
    EXPECT_GT(peak(pair.noisy), 0.9);
    EXPECT_NEAR(snr_db(pair), pair.info.snr_db, 0.05);
  }
}

TEST(PairMaker, CleanPairsAreEqualToTheSample) {
  MixOptions options;
  options.clean_probability = 1;
  options.silence_probability = 0;
  options.room_probability = options.clip_probability = options.quantize_probability = 1;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Pair pair = make(collection(), options, i);
    EXPECT_EQ(pair.noisy, pair.clean);
    EXPECT_GT(peak(pair.clean), 0);
    EXPECT_EQ(pair.info.noise, "");
  }
}

TEST(PairMaker, SilentPairsHaveNoiseOnly) {
  MixOptions options;
  options.silence_probability = 1;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Pair pair = make(collection(), options, i);
    EXPECT_EQ(peak(pair.clean), 0);
    EXPECT_GT(rms(pair.noisy), 0);
    EXPECT_EQ(pair.info.speech, "");
    EXPECT_NE(pair.info.noise, "");
  }
}

TEST(PairMaker, NoiseKindsFollowTheirProbabilities) {
  MixOptions options = plain();
  options.babble_probability = 1;
  EXPECT_EQ(make(collection(), options, 0).info.noise.substr(0, 7), "babble+");
  options.babble_probability = 0;
  options.synthetic_probability = 1;
  std::set<std::string> kinds;
  for (std::uint64_t i = 0; i < 80; ++i) kinds.insert(make(collection(), options, i, 1, 4000).info.noise);
  EXPECT_EQ(kinds.size(), 9u);
  options.synthetic_probability = 0;
  const std::string recorded = make(collection(), options, 0).info.noise;
  EXPECT_TRUE(recorded.starts_with("rain/") || recorded.starts_with("tools/")) << recorded;
  options.second_noise_probability = 1;
  options.transient_probability = 1;
  EXPECT_NE(make(collection(), options, 0).info.noise.find("on top"), std::string::npos);
}

TEST(PairMaker, WithoutRecordedNoiseItIsSynthetic) {
  MemoryClips clips;
  clips.add(Kind::kSpeech, "a/0", "a", talk(1, 3 * kRate));
  const MixOptions usual;
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_GT(rms(make(clips, usual, i).noisy), 0);
}

TEST(PairMaker, ASplitWithoutSpeechIsRefused) {
  MemoryClips clips;
  clips.add(Kind::kNoise, "n/0", "n", hiss(1, kRate));
  try {
    make(clips, {}, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kCorpus);
  }
}

TEST(PairMaker, LowpassLimitsMixtureAndTarget) {
  MixOptions options = plain();
  options.lowpass_probability = 1;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Pair pair = make(collection(), options, i);
    EXPECT_GT(Spectrum(pair.noisy, kRate).share_below(7600), 0.9999);
    EXPECT_GT(Spectrum(pair.clean, kRate).share_below(7600), 0.9999);
  }
}

TEST(PairMaker, ResamplerTakesTheTopOfTheBand) {
  MixOptions options = plain();
  const MixOptions whole = options;
  options.resampler_probability = 1;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Pair pair = make(collection(), options, i), before = make(collection(), whole, i);
    const double left = 1 - Spectrum(pair.noisy, kRate).share_below(7950),
                 was = 1 - Spectrum(before.noisy, kRate).share_below(7950);
    EXPECT_LT(left, 0.1 * was);
    const double low = Spectrum(pair.noisy, kRate).share_below(6500),
                 low_was = Spectrum(before.noisy, kRate).share_below(6500);
    EXPECT_GE(low, low_was);
    EXPECT_GT(low_was, 0.9 * low);
  }
}

TEST(PairMaker, ClippingSparesTheTarget) {
  MixOptions options = plain();
  const MixOptions unclipped = options;
  options.clip_probability = 1;
  int flat = 0;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Pair pair = make(collection(), options, i), before = make(collection(), unclipped, i);
    EXPECT_EQ(pair.clean, before.clean);
    EXPECT_LT(peak(pair.noisy), peak(before.noisy));
    const auto top = static_cast<float>(peak(pair.noisy));
    flat += std::count_if(pair.noisy.begin(), pair.noisy.end(), [&](float v) { return std::fabs(v) == top; }) > 10;
  }
  EXPECT_GT(flat, 4) << "hard in seven of ten";
}

TEST(PairMaker, QuantisationSparesTheTarget) {
  MixOptions options = plain();
  const MixOptions fine = options;
  options.quantize_probability = 1;
  bool coarse = false;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Pair pair = make(collection(), options, i), before = make(collection(), fine, i);
    EXPECT_EQ(pair.clean, before.clean);
    EXPECT_NE(pair.noisy, before.noisy);
    coarse |= std::set<float>(pair.noisy.begin(), pair.noisy.end()).size() < 256;
  }
  EXPECT_TRUE(coarse);
}

TEST(PairMaker, RoomsLeaveTheTargetItsEarlyPart) {
  MixOptions options = plain();
  options.room_probability = 1;
  options.snr_min_db = options.snr_max_db = 60;  // what differs is the late echo
  double late_db = -300;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Pair pair = make(collection(), options, i);
    const double ratio = db(std::pow(rms(difference(pair.noisy, pair.clean)) / rms(pair.clean), 2));
    EXPECT_LT(ratio, 12) << "the target is in the mixture, in time";
    late_db = std::max(late_db, ratio);
  }
  EXPECT_GT(late_db, -15);
  options.early_reflections_ms = 0;  // the direct sound alone
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_GT(rms(make(collection(), options, i).clean), 1e-4);
  options.early_reflections_ms = 2000;  // everything is early: nothing is late
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_NEAR(snr_db(make(collection(), options, i)), 60, 0.5);
}

TEST(PairMaker, SpeedAndBabbleRoomsChangeTheSoundButNotTheRatio) {
  for (double MixOptions::*entry : {&MixOptions::speed_probability, &MixOptions::babble_room_probability}) {
    MixOptions options = plain();
    options.babble_probability = entry == &MixOptions::babble_room_probability ? 1 : 0;
    options.level_min_dbfs = options.level_max_dbfs = -40;  // far from full scale: nothing is scaled down
    const MixOptions without = options;
    options.*entry = 1;
    for (std::uint64_t i = 0; i < 10; ++i) {
      const Pair pair = make(collection(), options, i), before = make(collection(), without, i);
      EXPECT_NE(pair.noisy, before.noisy);
      EXPECT_EQ(pair.info.snr_db, before.info.snr_db);
      EXPECT_NEAR(snr_db(pair), pair.info.snr_db, 0.05);
      EXPECT_EQ(pair, make(collection(), options, i));
      if (options.babble_probability > 0) {
        EXPECT_EQ(pair.clean, before.clean);
      }
    }
  }
}

TEST(PairMaker, RecordedRoomsAreUsed) {
  MemoryClips clips = small_collection();
  std::vector<float> echo(8000, 0.0f);
  echo[1000] = 1;            // the recording's own delay goes
  echo[1000 + 4800] = 0.5f;  // one echo after 300 ms
  clips.add(Kind::kRir, "r/0", "r", echo);
  MixOptions options = plain();
  options.room_probability = 1;
  options.snr_min_db = options.snr_max_db = 60;
  int found = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Pair pair = make(clips, options, i);
    double worst = 0;
    for (std::size_t k = 4800; k < kChunk; ++k) {
      worst =
          std::max(worst, std::fabs(static_cast<double>(pair.noisy[k] - pair.clean[k] - 0.5f * pair.clean[k - 4800])));
    }
    found += worst < 0.02 * peak(pair.clean);
  }
  EXPECT_GE(found, 7) << "seven of ten rooms are recorded ones, where there are any";
}

}  // namespace
}  // namespace pellucid::corpus
