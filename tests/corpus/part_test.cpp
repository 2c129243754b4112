// Divided over machines, prepare and mix give the bytes of one machine.
#include "corpus/part.hpp"

#include <gtest/gtest.h>

#include "corpus/index.hpp"
#include "corpus/mix_dataset.hpp"
#include "corpus/mix_folder.hpp"
#include "mix_files.hpp"
#include "prepare_support.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using test::corpus_bytes;
using test::options_for;

TEST(PartOfAWork, IsReadOrRefused) {
  const Part part = parse_part("2/4");
  EXPECT_EQ(part.index, 2);
  EXPECT_EQ(part.count, 4);
  EXPECT_EQ(part.folder("out"), fs::path("out/.part-2-of-4"));
  EXPECT_FALSE(Part{}.divided());
  for (const char* text : {"", "2", "2/", "/4", "0/4", "5/4", "-1/4", "1/0", "1/10001", "1/2/3", "a/b", "1 /2"}) {
    try {
      parse_part(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos);
    }
  }
}

class PrepareParts : public testing::Test {
 protected:
  void SetUp() override {
    test::make_recordings(folder_.path());
    // Twice the same in two speakers' folders: only the whole work can see that.
    fs::copy_file(folder_.path() / "speech/speaker0/0.wav", folder_.path() / "speech/speaker5/twin.wav");
    test::write_text(folder_.path() / "speech/speaker3/damaged.wav", "RIFF....WAVE");
    PrepareOptions whole = options();
    whole.out = folder_.path() / "whole";
    files_ = prepare(whole, {}).files;
    expected_ = corpus_bytes(whole.out);
    ASSERT_GT(expected_.size(), 3u);
  }
  PrepareOptions options() const { return options_for(folder_.path(), folder_.path() / "corpus"); }
  PrepareResult make_part(int index, int count) const {
    PrepareOptions part = options();
    part.part = {index, count};
    return prepare(part, {});
  }
  fs::path part(int index, int count) const { return Part{index, count}.folder(folder_.path() / "corpus"); }

  void expect_the_same(std::uint64_t least_reused) const {
    const PrepareResult result = prepare(options(), {});
    EXPECT_GE(result.files_reused, least_reused);
    EXPECT_EQ(corpus_bytes(folder_.path() / "corpus"), expected_);
    EXPECT_TRUE(part_folders(folder_.path() / "corpus").empty());
  }

  const test::TempFolder folder_;
  std::uint64_t files_ = 0;
  std::map<std::string, std::string> expected_;
};

TEST_F(PrepareParts, MakeTheVerySameCorpus) {
  std::uint64_t files = 0;
  for (const int index : {3, 1, 4, 2}) {
    const PrepareResult result = make_part(index, 4);
    EXPECT_GT(result.files, 0u) << index;
    files += result.files;
    EXPECT_FALSE(fs::exists(folder_.path() / "corpus" / kIndexName));
  }
  EXPECT_EQ(files, files_);
  expect_the_same(files_ - 1);  // the damaged one is looked at again
}

TEST_F(PrepareParts, MayBeMissingDamagedOrUnfinished) {
  make_part(1, 3);
  make_part(2, 3);
  fs::resize_file(part(1, 3) / ".partial" / "00000.pcm", 1000);
  const fs::path ledger = part(2, 3) / ".partial" / "files.jsonl";
  fs::resize_file(ledger, fs::file_size(ledger) / 2);
  expect_the_same(1);
}

TEST_F(PrepareParts, GoOnWhereTheyStopped) {
  PrepareOptions part = options();
  part.part = {1, 2};
  int seen = 0;
  PrepareHooks hooks;
  hooks.progress = [&](std::uint64_t, std::uint64_t) { ++seen; };
  hooks.stop = [&] { return seen > 3; };
  EXPECT_THROW(prepare(part, hooks), Error);
  EXPECT_GE(make_part(1, 2).files_reused, 3u);
  make_part(2, 2);
  expect_the_same(files_ - 1);
}

TEST_F(PrepareParts, OfOtherOptionsAreNotTaken) {
  PrepareOptions other = options();
  other.part = {1, 1};
  other.rate_hz = 8000;
  prepare(other, {});
  EXPECT_EQ(prepare(options(), {}).files_reused, 0u);
  EXPECT_EQ(corpus_bytes(folder_.path() / "corpus"), expected_);
}

std::map<std::string, std::string> all_files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = test::read_text(entry.path());
  }
  return files;
}

class MixParts : public testing::Test {
 protected:
  MixParts() {
    folder_.write_collection();
    clips_ = std::make_unique<FolderClips>(
        std::vector<SourceFolder>{{Kind::kSpeech, folder_ / "speech"}, {Kind::kNoise, folder_ / "noise"}}, 16000);
    clips_->load(2, {});
    catalogue_ = std::make_unique<Catalogue>(*clips_, Split::kTrain);
    options_.out = folder_ / "whole";
    options_.count = 11;
    options_.length_s = 1;
    options_.snrs_db = {-5, 10, 30};
    options_.babble = true;
    write_dataset(*catalogue_, options_, {});
    expected_ = all_files(options_.out);
    options_.out = folder_ / "out";
  }
  DatasetResult make_part(int index, int count) const {
    DatasetOptions part = options_;
    part.part = {index, count};
    return write_dataset(*catalogue_, part, {});
  }
  void expect_the_same(std::uint64_t taken) const {
    EXPECT_EQ(write_dataset(*catalogue_, options_, {}).taken, taken);
    EXPECT_EQ(all_files(options_.out), expected_);
  }

  MixFolder folder_;
  std::unique_ptr<FolderClips> clips_;
  std::unique_ptr<Catalogue> catalogue_;
  DatasetOptions options_;
  std::map<std::string, std::string> expected_;
};

TEST_F(MixParts, MakeTheVerySameDataset) {
  EXPECT_EQ(make_part(2, 3).pairs, 4u);
  EXPECT_EQ(make_part(1, 3).pairs, 4u);
  EXPECT_EQ(make_part(3, 3).pairs, 3u);
  EXPECT_FALSE(fs::exists(options_.out / "log.csv"));
  expect_the_same(11);
}

TEST_F(MixParts, WhatIsMissingOrDamagedIsMadeAnew) {
  make_part(1, 2);
  const fs::path part = options_.out / ".part-1-of-2";
  fs::remove(part / "clean" / "00002.wav");
  std::ofstream(part / "noisy" / "00004.wav", std::ios::in | std::ios::binary).seekp(100).put('!');
  expect_the_same(4);
}

TEST_F(MixParts, OfOtherOptionsAreNotTaken) {
  DatasetOptions other = options_;
  other.seed = 5;
  other.part = {1, 1};
  write_dataset(*catalogue_, other, {});
  expect_the_same(0);
}

TEST_F(MixParts, AreNotReplacedUnasked) {
  make_part(1, 2);
  EXPECT_THROW(make_part(1, 2), Error);
  options_.force = true;
  make_part(1, 2);
  expect_the_same(6);
}

}  // namespace
}  // namespace pellucid::corpus
