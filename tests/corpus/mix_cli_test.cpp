// `pellucid mix` as a person runs it.
#define PELLUCID_PROGRAM PELLUCID_BINARY_DIR "/pellucid"
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "../cli/program.hpp"
#include "mix_files.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;

class MixProgram : public testing::Test {
 protected:
  MixProgram() { folder_.write_collection(); }

  // `mix` of the collection into `out`, with more options.
  std::vector<std::string> command(const std::string& out, std::vector<std::string> more) const {
    more.insert(more.begin(), {"mix", "--speech", folder_ / "speech", "--out", folder_ / out});
    return more;
  }
  Ran mix(const std::string& out, const std::vector<std::string>& more) const {
    return run_program(command(out, more));
  }
  std::string log(const std::string& out) const { return read_text(folder_ / out / "log.csv"); }
  std::string noise() const { return folder_ / "noise"; }

  MixFolder folder_;
};

TEST_F(MixProgram, MixesFoldersAndKinds) {
  const Ran run = mix(
      "a", {"--noise", noise(), "pink", "babble", "--count", "6", "--length-s", "1", "--snr", "-5:20", "--seed", "5"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.output.find("6 pairs"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "a" / "clean"), {}), 6);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "a" / "noisy"), {}), 6);
  const Ran again = mix("b", {"--noise", noise(), "pink", "babble", "--count", "6", "--length-s", "1", "--snr", "-5:20",
                              "--seed", "5", "--jobs", "3"});
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(log("a"), log("b"));
  EXPECT_EQ(read_text(folder_ / "a" / "noisy" / "00005.wav"), read_text(folder_ / "b" / "noisy" / "00005.wav"));
}

TEST_F(MixProgram, AFlatFolderIsOneSpeaker) {
  const auto flat = [&](const std::string& out, const std::vector<std::string>& speech, const std::string& noise) {
    std::vector<std::string> words{"mix", "--noise", noise, "--count", "6", "--out", folder_ / out, "--speech"};
    words.insert(words.end(), speech.begin(), speech.end());
    return run_program(words);
  };
  const std::string one = folder_ / "speech/speaker0", other = folder_ / "speech/speaker1";
  EXPECT_EQ(flat("a", {one}, "pink").code, 0);
  const Ran alone = flat("b", {one}, "babble");
  EXPECT_EQ(alone.code, 8) << "of its own voice";
  EXPECT_NE(alone.error.find("found 1"), std::string::npos) << alone.error;
  EXPECT_EQ(flat("c", {one, other}, "babble").code, 0);
}

TEST_F(MixProgram, MixesACorpus) {
  const Ran prepared = run_program({"prepare", "--speech", folder_ / "speech", "--noise", noise(), "--out",
                                    folder_ / "corpus", "--speech-min-dynamic", "0"});
  ASSERT_EQ(prepared.code, 0) << prepared.error;
  const Ran run = run_program({"mix", "--corpus", folder_ / "corpus", "--split", "train", "--out", folder_ / "a",
                               "--count", "4", "--length-s", "1"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(log("a").find(",0.000,"), std::string::npos);
  EXPECT_NE(log("a").find(",15.000,"), std::string::npos) << "the usual SNRs in turn";
  const Ran kinds = run_program({"mix", "--corpus", folder_ / "corpus", "--split", "train", "--noise", "hum", "--out",
                                 folder_ / "b", "--count", "3", "--length-s", "1"});
  EXPECT_EQ(kinds.code, 0) << kinds.error;
  EXPECT_EQ(log("b").find(".wav,0.000,rain"), std::string::npos);
  EXPECT_NE(log("b").find(",hum,"), std::string::npos);
  const Ran both =
      run_program({"mix", "--corpus", folder_ / "corpus", "--speech", folder_ / "speech", "--out", folder_ / "c"});
  EXPECT_EQ(both.code, 2);
  const Ran none = run_program({"mix", "--corpus", folder_ / "nowhere", "--out", folder_ / "c"});
  EXPECT_EQ(none.code, 8) << none.error;
}

TEST_F(MixProgram, WrongOptionsAreOneSentenceAndNothingIsWritten) {
  const auto expect = [&](int code, const std::string& word, const std::vector<std::string>& more) {
    const Ran run = mix("a", more);
    EXPECT_EQ(run.code, code) << run.error;
    EXPECT_NE(run.error.find(word), std::string::npos) << run.error;
    EXPECT_FALSE(fs::exists(folder_ / "a"));
  };
  expect(3, "'pink'", {"--noise", "pinkk"});
  expect(3, "whitish", {"--noise", "whitish"});
  expect(2, "--snr", {"--noise", "pink", "--snr", "ten"});
  expect(2, "--snr", {"--noise", "pink", "--snr", "20:10"});
  expect(2, "--length-s", {"--noise", "pink", "--length-s", "0.01"});
  expect(2, "--count", {"--noise", "pink", "--length-s", "1"});
  expect(2, "up to 100000", {"--noise", "pink", "--hours", "inf"});
  expect(2, "more than 10000000 pairs", {"--noise", "pink", "--hours", "90000", "--length-s", "0.1"});
  expect(2, "10000000", {"--noise", "pink", "--count", "1000000000"});
  expect(2, "--seed: found '-1'", {"--noise", "pink", "--seed", "-1"});
  expect(2, "--noise", {});
  expect(2, "--snr-mode", {"--noise", "pink", "--snr-mode", "loud"});
  expect(2, "--bits", {"--noise", "pink", "--snr", "110"});
  fs::create_directories(folder_ / "empty");
  expect(8, "noise", {"--noise", folder_ / "empty"});
  EXPECT_EQ(run_program({"mix", "--speech", folder_ / "empty", "--noise", "pink", "--out", folder_ / "a"}).code, 8);
  EXPECT_EQ(run_program({"mix", "--speech", folder_ / "nowhere", "--noise", "pink", "--out", folder_ / "a"}).code, 3);
}

TEST_F(MixProgram, DamagedFilesAreNamedAndSkipped) {
  std::ofstream(folder_ / "noise/rain/broken.wav") << "RIFF nonsense";
  const Ran run = mix("a", {"--noise", noise(), "--count", "2"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("broken.wav"), std::string::npos);
}

TEST_F(MixProgram, NeedsForceToReplace) {
  EXPECT_EQ(mix("a", {"--noise", "pink", "--count", "2"}).code, 0);
  const std::string before = log("a");
  EXPECT_EQ(mix("a", {"--noise", "hum", "--count", "2"}).code, 7);
  EXPECT_EQ(log("a"), before);
  EXPECT_EQ(mix("a", {"--noise", "hum", "--count", "2", "--force"}).code, 0);
  EXPECT_NE(log("a").find("hum"), std::string::npos);
}

TEST_F(MixProgram, InterruptLeavesNothing) {
  cli::Started run(command("a", {"--noise", "pink", "--count", "100000", "--length-s", "2", "--jobs", "2"}), {});
  for (int i = 0; i < 500 && !fs::exists(folder_ / "a" / ".mix-partial" / "noisy" / "000003.wav"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(fs::exists(folder_ / "a" / ".mix-partial"));
  ::kill(run.process(), SIGINT);
  const Ran ran = run.wait();
  EXPECT_EQ(ran.code, 130) << ran.error;
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

}  // namespace
}  // namespace pellucid::corpus
