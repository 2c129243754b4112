// `pellucid prepare` as a person runs it: exit codes, sentences, Ctrl-C.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "corpus/corpus.hpp"
#include "prepare_support.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;

class PrepareCli : public ::testing::Test {
 protected:
  fs::path root() const { return folder_.path(); }
  std::string stdout_text() const { return test::read_text(root() / "stdout"); }
  std::string stderr_text() const { return test::read_text(root() / "stderr"); }

  pid_t start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {std::string(PELLUCID_BINARY_DIR) + "/pellucid", "prepare"});
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const std::string out = root() / "stdout", err = root() / "stderr";
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 2);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    return child;
  }

  static int wait_for(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  int run(const std::vector<std::string>& arguments) const { return wait_for(start(arguments)); }

  test::TempFolder folder_;
};

TEST_F(PrepareCli, TableThenNothingThenJson) {
  test::make_recordings(root());
  const std::vector<std::string> arguments = {"--speech",       root() / "speech", "--noise",
                                              root() / "noise", "--out",           root() / "corpus"};
  ASSERT_EQ(run(arguments), 0) << stderr_text();
  EXPECT_NE(stdout_text().find("30 files"), std::string::npos) << stdout_text();
  EXPECT_EQ(Corpus::open(root() / "corpus").clips().size(), 30u);
  ASSERT_EQ(run(arguments), 0);
  EXPECT_NE(stdout_text().find("nothing to do"), std::string::npos) << stdout_text();
  std::vector<std::string> as_json = arguments;
  as_json.emplace_back("--json");
  ASSERT_EQ(run(as_json), 0);
  const auto report = nlohmann::json::parse(stdout_text());
  EXPECT_EQ(report.at("files"), 30);
  EXPECT_EQ(report.at("totals").at("speech").at("train").at("clips").get<int>() +
                report.at("totals").at("speech").at("valid").at("clips").get<int>(),
            18);
}

TEST_F(PrepareCli, ExitCodes) {
  test::make_recordings(root());
  const std::string speech = root() / "speech", out = root() / "corpus";
  EXPECT_EQ(run({"--speech", root() / "nowhere", "--out", out}), 3);
  EXPECT_NE(stderr_text().find("nowhere"), std::string::npos);
  EXPECT_EQ(run({"--out", out}), 2);
  EXPECT_EQ(run({"--speech", speech, "--out", out, "--rate", "99"}), 2);
  EXPECT_EQ(run({"--speech", speech, "--out", out, "--rates", "99"}), 2);
  EXPECT_EQ(run({"--speech", speech, "--out", out, "--seed", "-1"}), 2);
  EXPECT_EQ(run({"--speech", speech, "--out", out, "--seed", "18446744073709551616"}), 2);
  EXPECT_EQ(run({"--speech", speech + "/speaker0", "--out", out}), 8);
  EXPECT_EQ(run({"--speech", speech, "--out", "/dev/null/corpus"}), 7);
  EXPECT_EQ(run({"--speech", speech, "--out", root() / "noise"}), 8);
  EXPECT_EQ(run({"--speech", speech, "--out", out, "--groups", root() / "none.csv"}), 3);
}

TEST_F(PrepareCli, ControlCKeepsWhatIsDone) {
  // One recording under many names, long enough that the program is in the middle of them when it is told to stop.
  test::make_recordings(root(), 2, 2, 1);
  test::write_wav(root() / "noise/long/0.wav", test::white_noise(48000 * 20, 0.05f, 1), 48000);
  for (int i = 1; i < 80; ++i)
    fs::create_hard_link(root() / "noise/long/0.wav", root() / fmt::format("noise/long/{}.wav", i));
  const std::vector<std::string> arguments = {"--speech", root() / "speech", "--noise", root() / "noise",
                                              "--out",    root() / "corpus", "--jobs",  "2"};
  const fs::path ledger = root() / "corpus/.partial/files.jsonl";
  const pid_t child = start(arguments);
  std::error_code ignored;
  for (int i = 0; i < 20000; ++i) {
    if (fs::exists(ledger, ignored) && fs::file_size(ledger, ignored) > 3000) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 130);
  EXPECT_NE(stderr_text().find("run the same command again"), std::string::npos) << stderr_text();
  EXPECT_FALSE(fs::exists(root() / "corpus/index.jsonl"));
  EXPECT_TRUE(fs::exists(ledger));
  ASSERT_EQ(run(arguments), 0) << stderr_text();
  EXPECT_NE(stderr_text().find("Going on after"), std::string::npos) << stderr_text();
  EXPECT_EQ(Corpus::open(root() / "corpus").clips().size(), 5u);  // the copies are refused as duplicates
}

}  // namespace
}  // namespace pellucid::corpus
