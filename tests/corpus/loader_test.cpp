#include "corpus/loader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "corpus/prepare.hpp"
#include "mix_files.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kBatch = 3, kChunk = 8000;
constexpr std::uint64_t kSeed = 11;

class LoaderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<MixFolder>();
    folder_->write_collection();
    PrepareOptions options;
    options.folders = {{Kind::kSpeech, *folder_ / "speech"}, {Kind::kNoise, *folder_ / "noise"}};
    options.out = *folder_ / "corpus";
    options.shares.valid = 0.25;
    options.limits.speech_min_dynamic_db = 0;
    options.jobs = 1;
    prepare(options, {});
    corpus_ = std::make_unique<Corpus>(Corpus::open(options.out));
  }
  static void TearDownTestSuite() {
    corpus_.reset();
    folder_.reset();
  }

  static std::vector<Batch> take(std::uint64_t first, int count, int workers, int ahead = 4) {
    Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, kBatch, kChunk, first, workers, ahead);
    std::vector<Batch> batches;
    for (int i = 0; i < count; ++i) batches.push_back(loader.next());
    return batches;
  }

  inline static std::unique_ptr<MixFolder> folder_;
  inline static std::unique_ptr<Corpus> corpus_;
};

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].number, b[i].number);
    EXPECT_EQ(a[i].noisy, b[i].noisy) << i;
    EXPECT_EQ(a[i].clean, b[i].clean) << i;
  }
}

TEST_F(LoaderTest, BatchesComeInOrderAndHoldThePairsOfTheirNumbers) {
  const auto batches = take(0, 5, 2);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    EXPECT_EQ(batches[b].number, b);
    EXPECT_EQ(batches[b].size, kBatch);
    EXPECT_EQ(batches[b].samples, kChunk);
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::vector<float> noisy(kChunk), clean(kChunk);
      make_pair(*corpus_, MixOptions(), Split::kTrain, kSeed, b * kBatch + i, noisy, clean);
      EXPECT_TRUE(std::equal(noisy.begin(), noisy.end(), batches[b].noisy.begin() + static_cast<int>(i) * kChunk));
      EXPECT_TRUE(std::equal(clean.begin(), clean.end(), batches[b].clean.begin() + static_cast<int>(i) * kChunk));
    }
  }
}

TEST_F(LoaderTest, WorkersAndQueueDoNotChangeTheStream) {
  const auto one = take(0, 12, 1, 1);
  expect_same(one, take(0, 12, 3, 2));
  expect_same(one, take(0, 12, 5, 16));
}

TEST_F(LoaderTest, GoesOnAfterAResumeWhereItStopped) {
  auto whole = take(0, 12, 2);
  whole.erase(whole.begin(), whole.begin() + 7);
  expect_same(take(7, 5, 3), whole);
}

TEST_F(LoaderTest, SharesOfSeveralProcessesMakeUpTheStream) {
  const auto whole = take(0, 12, 1);
  for (const std::uint64_t rank : {0u, 1u, 2u}) {  // each with two replicas
    Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, kBatch, kChunk, 2, 2, 4, {2 * rank, 2, 6});
    expect_same({loader.next(), loader.next()}, {whole[6 + 2 * rank], whole[7 + 2 * rank]});
  }
}

TEST_F(LoaderTest, WhatItLeavesToMixIsTheSamePairs) {
  const auto mixed = take(3, 4, 1);
  Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, kBatch, kChunk, 3, 2, 4, {}, false);
  for (const Batch& expected : mixed) {
    Batch batch = loader.next();
    EXPECT_EQ(batch.number, expected.number);
    EXPECT_TRUE(batch.noisy.empty());
    ASSERT_EQ(batch.drafts.size(), std::size_t{kBatch});
    for (PairDraft& draft : batch.drafts) {
      std::vector<float> noisy(kChunk), clean(kChunk);
      mix(draft, corpus_->rate_hz(), noisy, clean);
      batch.noisy.insert(batch.noisy.end(), noisy.begin(), noisy.end());
      batch.clean.insert(batch.clean.end(), clean.begin(), clean.end());
    }
    expect_same({batch}, {expected});
  }
}

TEST_F(LoaderTest, NeverTheSamePairTwice) {
  std::set<std::vector<float>> pairs;
  for (const Batch& batch : take(0, 20, 2)) {
    for (int i = 0; i < kBatch; ++i)
      pairs.emplace(batch.noisy.begin() + i * kChunk, batch.noisy.begin() + (i + 1) * kChunk);
  }
  EXPECT_EQ(pairs.size(), 20u * kBatch);
}

TEST_F(LoaderTest, SeveralTakersGetEveryBatchOnce) {
  Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, kBatch, kChunk, 0, 2);
  std::mutex mutex;
  std::map<std::uint64_t, Batch> taken;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        Batch batch = loader.next();
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(taken.emplace(batch.number, std::move(batch)).second);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto alone = take(0, 15, 1);
  ASSERT_EQ(taken.size(), alone.size());
  for (const Batch& batch : alone) EXPECT_EQ(taken.at(batch.number).noisy, batch.noisy);
}

TEST_F(LoaderTest, TellsHowLongItWasWaitedFor) {
  Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, 16, 64000, 0, 1, 1);
  EXPECT_EQ(loader.waited_s(), 0);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) loader.next();
  const double taken_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GT(loader.waited_s(), 0);
  EXPECT_LE(loader.waited_s(), taken_s);
}

TEST_F(LoaderTest, EndsWhileItIsFullOrBusy) {
  for (const int wait_ms : {0, 1, 50}) {
    Loader loader(*corpus_, MixOptions(), Split::kTrain, kSeed, kBatch, kChunk, 0, 2, 3);
    std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
  }
  SUCCEED() << "the destructors came back";
}

TEST_F(LoaderTest, ValidationPairsUseValidationSpeakers) {
  std::set<std::string> train, valid;
  for (const Clip& clip : corpus_->clips()) {
    if (clip.kind == Kind::kSpeech) (clip.split == Split::kTrain ? train : valid).insert(clip.path);
  }
  ASSERT_FALSE(valid.empty());
  for (std::uint64_t i = 0; i < 20; ++i) {
    std::vector<float> noisy(kChunk), clean(kChunk);
    PairInfo info;
    make_pair(*corpus_, MixOptions(), Split::kValid, kSeed, i, noisy, clean, &info);
    for (const auto& path : train) EXPECT_EQ(info.speech.find(path), std::string::npos);
    for (const auto& path : train) EXPECT_EQ(info.noise.find(path), std::string::npos) << "babble";
  }
}

TEST_F(LoaderTest, ASplitWithoutSpeechIsAnError) {
  EXPECT_THROW(Loader(*corpus_, MixOptions(), Split::kTest, kSeed, kBatch, kChunk, 0, 1), Error);
}

}  // namespace
}  // namespace pellucid::corpus
