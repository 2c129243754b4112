// A corpus folder that a stranger made: nothing in it may make prepare write, read or grow outside it.
#include <gtest/gtest.h>

#include "corpus/index.hpp"
#include "corpus/prepare_ledger.hpp"
#include "prepare_support.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using namespace test;

std::string nested(int levels) {
  const auto n = static_cast<std::size_t>(levels);
  return std::string(n, '[') + std::string(n, ']');
}

std::string with_last_line(const std::string& lines) {
  return lines + fmt::format("{{\"crc32\":{}}}\n", crc32(0, lines.data(), lines.size()));
}

TEST(PrepareHostile, DeepNestingInAnIndexIsCutOff) {
  const std::string header = fmt::format(
      R"({{"format":"pellucid-corpus","version":1,"rate_hz":16000,"shards":0,"clips":0,"made_with":{{"a":{}}}}})"
      "\n",
      nested(2'000'000));
  const Index index = parse_index(with_last_line(header), "index.jsonl");
  EXPECT_LT(index.made_with.size(), 1000u);
}

TEST(PrepareHostile, DeepNestingInALedgerIsCutOff) {
  const TempFolder folder;
  const fs::path path = folder.path() / "files.jsonl";
  write_text(path, fmt::format("{{\"format\":\"pellucid-ledger\",\"version\":1,\"options\":{{\"a\":{}}}}}\n"
                               "{{\"crc32\":1,\"b\":{}}}\n",
                               nested(2'000'000), nested(2'000'000)));
  const Ledger ledger = read_ledger(path);
  EXPECT_LT(ledger.options.size(), 1000u);
  EXPECT_TRUE(ledger.records.empty());
}

TEST(PrepareHostile, ALedgerThatNeverEndsIsNotRead) {
  const TempFolder folder;
  fs::create_symlink("/dev/zero", folder.path() / "files.jsonl");
  EXPECT_EQ(read_ledger(folder.path() / "files.jsonl").header_end, 0u);
}

class PrepareInAStrangersFolder : public testing::Test {
 protected:
  void SetUp() override {
    make_recordings(folder_.path(), 3, 1, 1);
    fs::create_directories(out_);
    write_text(mine_, "mine");
  }

  void expect_refused(const fs::path& link) {
    try {
      prepare(options_for(folder_.path(), out_), {});
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kCorpus) << error.what();
      EXPECT_NE(std::string(error.what()).find(link.string()), std::string::npos) << error.what();
    }
    EXPECT_EQ(read_text(mine_), "mine");
  }

  const TempFolder folder_;
  const fs::path out_ = folder_.path() / "corpus", mine_ = folder_.path() / "mine" / "00001.pcm";
};

TEST_F(PrepareInAStrangersFolder, NothingIsWrittenThroughALink) {
  fs::create_symlink(mine_, out_ / "index.jsonl");
  expect_refused(out_ / "index.jsonl");
}

TEST_F(PrepareInAStrangersFolder, NothingIsRemovedBehindALinkedFolder) {
  fs::create_directory_symlink(mine_.parent_path(), out_ / ".partial");
  expect_refused(out_ / ".partial");
}

TEST_F(PrepareInAStrangersFolder, NothingIsWrittenThroughALinkInTheUnfinishedRun) {
  fs::create_directories(out_ / ".partial");
  fs::create_symlink(mine_, out_ / ".partial" / "00000.pcm");
  expect_refused(out_ / ".partial" / "00000.pcm");
}

TEST_F(PrepareInAStrangersFolder, TheLockIsNoLink) {
  fs::create_symlink(mine_, out_ / ".lock");
  expect_refused(out_ / ".lock");
}

}  // namespace
}  // namespace pellucid::corpus
