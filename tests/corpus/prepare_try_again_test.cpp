// What keeps a recording from being read, but is no fault of its own, does not leave it out for good.
#define PELLUCID_PROGRAM PELLUCID_BINARY_DIR "/pellucid"
#include <gtest/gtest.h>

#include "../cli/program.hpp"
#include "corpus/corpus.hpp"
#include "prepare_support.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using cli::Ran;

class PrepareTryAgain : public ::testing::Test {
 protected:
  void SetUp() override {
    test::make_recordings(root(), 2, 2, 1);
    test::write_wav(root() / "decoded.wav", test::bursts(1.5, 0.1f, 50, 77));
    // Read by ffmpeg, for its head: the first of all that is read.
    test::write_text(root() / "speech/speaker0/-phone.m4a", std::string("\0\0\0\x1C", 4) + "ftypM4A and the rest");
  }
  fs::path root() const { return folder_.path(); }
  fs::path out() const { return root() / "corpus"; }

  /// The only program in PATH; its standard output is the file that ffmpeg is to write.
  void make_ffmpeg(const std::string& script) const {
    const fs::path program = root() / "bin/ffmpeg";
    test::write_text(program, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
  }
  void make_good_ffmpeg() const { make_ffmpeg("exec /bin/cat '" + (root() / "decoded.wav").string() + "'"); }
  Ran prepare(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command{"prepare", "--speech", root() / "speech", "--noise", root() / "noise",
                                     "--out",   out(),      "--jobs",          "1"};
    command.insert(command.end(), more.begin(), more.end());
    return cli::run_program(command, {.environment = {{"PATH", root() / "bin"}}});
  }

  const test::TempFolder folder_;
};

TEST_F(PrepareTryAgain, ControlCInTheMiddleOfARecordingIsNoDamage) {
  make_ffmpeg("kill -INT $PPID; exit 255");
  const Ran stopped = prepare();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_NE(stopped.error.find("run the same command again"), std::string::npos) << stopped.error;
  EXPECT_EQ(test::read_text(out() / ".partial/files.jsonl").find("damaged"), std::string::npos);
  make_good_ffmpeg();
  const Ran whole = prepare();
  EXPECT_EQ(whole.code, 0) << whole.error;
  EXPECT_EQ(Corpus::open(out()).clips().size(), 5u);
}

TEST_F(PrepareTryAgain, WhatNeedsFfmpegWaitsForIt) {
  const Ran without = prepare();
  ASSERT_EQ(without.code, 0) << without.error;
  EXPECT_NE(without.output.find("1 damaged"), std::string::npos) << without.output;
  EXPECT_NE(without.error.find("install it"), std::string::npos) << without.error;
  EXPECT_NE(prepare().output.find("nothing to do"), std::string::npos) << "it still is not there";
  make_ffmpeg("kill -KILL $$");
  EXPECT_NE(prepare().output.find("nothing to do"), std::string::npos) << "killed as it is without memory";
  make_good_ffmpeg();
  const Ran with = prepare();
  EXPECT_EQ(with.code, 0) << with.error;
  EXPECT_NE(with.output.find("4 finished before, 0 damaged"), std::string::npos) << with.output;
  EXPECT_EQ(Corpus::open(out()).clips().size(), 5u);
  EXPECT_NE(prepare().output.find("nothing to do"), std::string::npos);
}

TEST_F(PrepareTryAgain, AnUnfinishedRunTakesInWhatItHadToLeaveOut) {
  // The second one's ffmpeg is there, and stops the run once the first one is entered.
  test::write_text(root() / "speech/speaker1/-phone.m4a", std::string("\0\0\0\x1C", 4) + "ftypM4A and the rest");
  make_ffmpeg("cd '" + out().string() +
              "'\nif [ -e seen ]; then\n"
              "  for i in 0 1 2 3 4 5 6 7 8 9; do /bin/grep -q damaged .partial/files.jsonl || /bin/sleep 0.2; done\n"
              "  kill -INT $PPID\nfi\n: > seen\nkill -KILL $$");
  ASSERT_EQ(prepare().code, 130);
  EXPECT_NE(test::read_text(out() / ".partial/files.jsonl").find("damaged"), std::string::npos);
  make_good_ffmpeg();
  const Ran whole = prepare();
  EXPECT_NE(whole.output.find("0 damaged"), std::string::npos) << whole.output << whole.error;
}

TEST_F(PrepareTryAgain, DamageStaysDamage) {
  make_ffmpeg("exit 1");
  ASSERT_NE(prepare().output.find("1 damaged"), std::string::npos);
  make_good_ffmpeg();
  EXPECT_NE(prepare().output.find("nothing to do"), std::string::npos);
}

}  // namespace
}  // namespace pellucid::corpus
