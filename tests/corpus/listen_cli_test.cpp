// `pellucid listen` as a person runs it.
#define PELLUCID_PROGRAM PELLUCID_BINARY_DIR "/pellucid"
#include <gtest/gtest.h>

#include <set>

#include "../cli/program.hpp"
#include "audio/sound.hpp"
#include "corpus/loader.hpp"
#include "prepare_support.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;

class ListenProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TempFolder;
    test::make_recordings(folder_->path());
    prepare(test::options_for(folder_->path(), folder_->path() / "corpus"), {});
    test::write_text(folder_->path() / "recipe.toml", "[train]\nseed = 3\nchunk_s = 0.5\n");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static std::string path(const std::string& name) { return (folder_->path() / name).string(); }
  static Ran listen(const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{"listen", path("recipe.toml"), "--corpus", path("corpus"), "-o", path(out)};
    command.insert(command.end(), more.begin(), more.end());
    return run_program(command);
  }
  static test::TempFolder* folder_;
};
test::TempFolder* ListenProgram::folder_ = nullptr;

TEST_F(ListenProgram, WritesThePairsThatTrainingSees) {
  const Ran run = listen("heard", {"--count", "3", "--first", "7", "--set", "mix.snr_min_db=5"});
  ASSERT_EQ(run.code, 0) << run.error;
  MixOptions mix;
  mix.snr_min_db = 5;
  std::vector<float> noisy(8000), clean(8000);
  make_pair(Corpus::open(path("corpus")), mix, Split::kTrain, 3, 8, noisy, clean);
  EXPECT_EQ(audio::load(path("heard/00008.noisy.wav")).samples, noisy);
  EXPECT_EQ(audio::load(path("heard/00008.clean.wav")).samples, clean);
  const std::string list = test::read_text(path("heard/list.csv"));
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 4) << list;
  EXPECT_NE(list.find("\n9,00009.noisy.wav,00009.clean.wav,"), std::string::npos) << list;
}

TEST_F(ListenProgram, KeepsWhatIsThere) {
  ASSERT_EQ(listen("kept", {"--count", "1"}).code, 0);
  const Ran again = listen("kept", {"--count", "1"});
  EXPECT_EQ(again.code, static_cast<int>(ExitCode::kOutput));
  EXPECT_NE(again.error.find("--force"), std::string::npos) << again.error;
  fs::remove(path("kept/list.csv"));
  const std::string before = test::read_text(path("kept/00000.noisy.wav"));
  EXPECT_EQ(listen("kept", {"--count", "1", "--set", "train.seed=4"}).code, static_cast<int>(ExitCode::kOutput));
  EXPECT_EQ(test::read_text(path("kept/00000.noisy.wav")), before);
  test::write_text(path("kept/notes.wav"), "mine");
  EXPECT_EQ(listen("kept", {"--count", "2", "--first", "7", "--force"}).code, 0);
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path("kept"))) names.insert(entry.path().filename().string());
  EXPECT_EQ(names, (std::set<std::string>{"00007.clean.wav", "00007.noisy.wav", "00008.clean.wav", "00008.noisy.wav",
                                          "list.csv", "notes.wav"}));
}

TEST_F(ListenProgram, SaysWhatIsWrong) {
  EXPECT_EQ(listen("wrong", {"--set", "mix.snr_mim_db=5"}).code, static_cast<int>(ExitCode::kRecipe));
  EXPECT_EQ(listen("wrong", {"--corpus", path("nowhere")}).code, static_cast<int>(ExitCode::kUsage)) << "given twice";
  EXPECT_EQ(run_program({"listen", path("recipe.toml"), "--corpus", path("nowhere"), "-o", path("wrong")}).code,
            static_cast<int>(ExitCode::kCorpus));
  for (const std::string first : {"-1", "18446744073709551616", "1e3"}) {
    const Ran run = listen("wrong", {"--first", first});
    EXPECT_EQ(run.code, static_cast<int>(ExitCode::kUsage)) << first;
    EXPECT_NE(run.error.find("expected a whole number"), std::string::npos) << run.error;
  }
  EXPECT_FALSE(fs::exists(path("wrong")));
}

}  // namespace
}  // namespace pellucid::corpus
