// Stopped at any moment, a preparation goes on and ends with the bytes of one that was never stopped.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "corpus/index.hpp"
#include "prepare_support.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using test::corpus_bytes;
using test::options_for;
using test::TempFolder;

class PrepareResume : public ::testing::Test {
 protected:
  void SetUp() override {
    test::make_recordings(folder_.path());
    PrepareOptions whole = options();
    whole.out = folder_.path() / "whole";
    prepare(whole, {});
    expected_ = corpus_bytes(whole.out);
  }
  PrepareOptions options() const { return options_for(folder_.path(), out()); }
  fs::path out() const { return folder_.path() / "corpus"; }

  /// Ends the preparation, in this process or another, after `commits` files.
  void stop_after(int commits) const {
    int seen = 0;
    PrepareHooks hooks;
    hooks.progress = [&](std::uint64_t, std::uint64_t) { ++seen; };
    hooks.stop = [&] { return seen > commits; };
    try {
      prepare(options(), hooks);
      FAIL() << "was not stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kInterrupted);
    }
    EXPECT_FALSE(fs::exists(out() / kIndexName));
    EXPECT_THROW(Corpus::open(out()), Error);
  }

  void expect_same_after_resume(std::uint64_t least_reused = 0) const {
    const PrepareResult result = prepare(options(), {});
    EXPECT_GE(result.files_reused, least_reused);
    EXPECT_EQ(corpus_bytes(out()), expected_);
    EXPECT_FALSE(fs::exists(out() / ".partial"));
    EXPECT_TRUE(prepare(options(), {}).nothing_to_do);
  }

  TempFolder folder_;
  std::map<std::string, std::string> expected_;
};

TEST_F(PrepareResume, AfterStops) {
  stop_after(3);
  stop_after(4);  // counted from there
  stop_after(9);
  expect_same_after_resume(16);
}

TEST_F(PrepareResume, AfterKills) {
  // Killed at a moment of the kernel's choosing, again and again: each run gets a little further.
  int killed = 0;
  for (int round = 0; round < 6; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      PrepareHooks hooks;
      int commits = 0;
      hooks.progress = [&](std::uint64_t, std::uint64_t) {
        if (++commits == 4 + round) std::thread([] { ::kill(::getpid(), SIGKILL); }).detach();
      };
      try {
        prepare(options(), hooks);
      } catch (...) {
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    killed += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GT(killed, 0);
  expect_same_after_resume();
}

TEST_F(PrepareResume, AfterATornWrite) {
  stop_after(12);
  const fs::path partial = out() / ".partial";
  // Half a line in the ledger, samples of a file that never got its line, a shard from nowhere.
  std::ofstream(partial / "files.jsonl", std::ios::app) << R"({"kind":"speech","path":"speaker)";
  for (const auto& entry : fs::directory_iterator(partial)) {
    if (entry.path().extension() == ".pcm") std::ofstream(entry.path(), std::ios::app) << "some samples";
  }
  test::write_text(partial / "00099.pcm", "stale");
  expect_same_after_resume(11);
}

TEST_F(PrepareResume, AfterLostSamples) {
  stop_after(15);
  const fs::path first = out() / ".partial" / "00000.pcm", second = out() / ".partial" / "00001.pcm";
  ASSERT_TRUE(fs::exists(second));
  std::string bytes = test::read_text(second);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  test::write_text(second, bytes);
  stop_after(2);
  fs::resize_file(first, 1000);
  expect_same_after_resume();
}

TEST_F(PrepareResume, AfterADamagedLedger) {
  stop_after(15);
  const fs::path partial = out() / ".partial", kept = folder_.path() / "kept";
  fs::copy(partial, kept, fs::copy_options::recursive);
  const std::string good = test::read_text(kept / "files.jsonl");
  Random random(3);
  for (int round = 0; round < 8; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random.integer(bad.size())] = static_cast<char>('0' + random.integer(10));
    fs::remove_all(out());
    fs::create_directories(out());
    fs::copy(kept, partial, fs::copy_options::recursive);
    test::write_text(partial / "files.jsonl", bad);
    prepare(options(), {});
    EXPECT_EQ(corpus_bytes(out()), expected_) << round;
  }
}

TEST_F(PrepareResume, AfterAFullDisk) {
  const pid_t child = ::fork();
  if (child == 0) {
    // No file may grow beyond 120 kB: the same as a disk that is full in the middle of a shard.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{120'000, 120'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      prepare(options(), {});
    } catch (const Error& error) {
      code = error.code() == ExitCode::kOutput && std::string(error.what()).find("free some space") != std::string::npos
                 ? 0
                 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_FALSE(fs::exists(out() / kIndexName));
  expect_same_after_resume();
}

TEST_F(PrepareResume, AfterAKillWhileFilesMoveIntoPlace) {
  // As finish() leaves it between two renames: the index is still below .partial, some shards are up already.
  prepare(options(), {});
  const fs::path partial = out() / ".partial";
  fs::create_directories(partial);
  const Index index = parse_index(test::read_text(out() / kIndexName), "index");
  fs::rename(out() / kIndexName, partial / kIndexName);
  fs::rename(out() / "files.jsonl", partial / "files.jsonl");
  ASSERT_GT(index.shards.size(), 2u);
  for (std::size_t i = 1; i < index.shards.size(); ++i) {
    fs::rename(out() / index.shards[i].name, partial / fmt::format("{:05}.pcm", i));
  }
  test::write_text(out() / "shard-00077-00000000.pcm", "of an earlier corpus");
  EXPECT_TRUE(prepare(options(), {}).nothing_to_do);
  EXPECT_EQ(corpus_bytes(out()), expected_);
}

TEST_F(PrepareResume, AfterAKillBeforeOldShardsGo) {
  prepare(options(), {});
  test::write_text(out() / "shard-00000-0badf00d.pcm", "of the corpus that was updated");
  fs::create_directories(out() / ".partial");
  EXPECT_TRUE(prepare(options(), {}).nothing_to_do);
  EXPECT_EQ(corpus_bytes(out()), expected_);
  EXPECT_FALSE(fs::exists(out() / "shard-00000-0badf00d.pcm"));
  EXPECT_FALSE(fs::exists(out() / ".partial"));
}

TEST_F(PrepareResume, ADamagedCorpusIsMadeWhole) {
  prepare(options(), {});
  std::vector<fs::path> shards;
  for (const auto& entry : fs::directory_iterator(out())) {
    if (entry.path().extension() == ".pcm") shards.push_back(entry.path());
  }
  ASSERT_GT(shards.size(), 2u);
  std::string bytes = test::read_text(shards[0]);
  bytes[10] = static_cast<char>(bytes[10] ^ 1);
  test::write_text(shards[0], bytes);
  fs::remove(shards[1]);
  const PrepareResult result = prepare(options(), {});
  EXPECT_FALSE(result.nothing_to_do);
  EXPECT_GT(result.files_reused, 5u);
  EXPECT_LT(result.files_reused, 30u);
  EXPECT_EQ(corpus_bytes(out()), expected_);
  test::write_text(out() / kIndexName, "{}\n");
  prepare(options(), {});
  EXPECT_EQ(corpus_bytes(out()), expected_);
}

TEST_F(PrepareResume, TwoAtOnceAreRefused) {
  PrepareHooks hooks;
  bool refused = false;
  hooks.progress = [&](std::uint64_t, std::uint64_t) {
    if (refused) return;
    try {
      prepare(options(), {});
    } catch (const Error& error) {
      refused = error.code() == ExitCode::kOutput && std::string(error.what()).find("another") != std::string::npos;
    }
  };
  prepare(options(), hooks);
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace pellucid::corpus
