// Completions, as the shells themselves give them. A shell that is not installed is skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "../support/temp_folder.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Words lines(const std::string& text) {
  Words all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line.substr(0, line.find('\t')));
  return all;
}

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Words asked(Words words) {
  words.insert(words.begin(), {"complete", "--"});
  return lines(run_program(words).output);
}

TEST(Completion, OffersEveryCommandAndEveryOptionOfTheHelp) {
  Words commands = asked({""});
  ASSERT_EQ(commands.back(), ":none");
  commands.pop_back();
  EXPECT_TRUE(contains(commands, "denoise"));
  const std::string list = run_program({"--help"}).output;
  int options = 0;
  for (const std::string& command : commands) {
    EXPECT_NE(list.find("\n  " + command + " "), std::string::npos) << command;
    const Words offered = asked({command, "--"});
    if (offered == Words{"--help", ":none"}) continue;  // a program of its own: the trainer's commands
    for (const std::string& line : lines(run_program({command, "--help"}).output)) {
      const std::size_t dashes = line.find("--");
      if (line.rfind("  -", 0) != 0 || dashes > 5) continue;
      const std::string option = line.substr(dashes, line.find_first_of(" ,", dashes) - dashes);
      EXPECT_TRUE(contains(offered, option)) << command << " " << option;
      ++options;
    }
  }
  EXPECT_GT(options, 80);
}

TEST(Completion, KnowsWhatAValueMayBe) {
  EXPECT_EQ(asked({"denoise", "--format", ""}), (Words{"f32", "s16", "s24", "s32", ":none"}));
  EXPECT_EQ(asked({"denoise", "--format=s"}), (Words{"--format=s16", "--format=s24", "--format=s32", ":none"}));
  EXPECT_EQ(asked({"denoise", "--format", "=", "f"}), (Words{"f32", ":none"}));  // as bash splits it
  EXPECT_EQ(asked({"pipewire", "r"}), (Words{"remove", ":none"}));
  EXPECT_EQ(asked({"mix", "--noise", "folder", "w"}), (Words{"white", "wind", ":folders"}));
  const Words models = asked({"denoise", "--model", ""});
  EXPECT_TRUE(contains(models, "small") && contains(models, "nano")) << testing::PrintToString(models);
  EXPECT_EQ(models.back(), ":files");
  EXPECT_EQ(asked({"denoise", "--strength", ""}), Words{":none"});
  EXPECT_EQ(asked({"denoise", "--force", ""}), Words{":files"});
  EXPECT_EQ(asked({"denoise", "--", "--fo"}), Words{":files"});
  EXPECT_EQ(asked({"prepare", "--out", ""}), Words{":folders"});
}

TEST(Completion, OffersAnOptionOnceUnlessItTakesMany) {
  EXPECT_FALSE(contains(asked({"denoise", "--force", "--"}), "--force"));
  EXPECT_TRUE(contains(asked({"prepare", "--speech", "a", "--"}), "--speech"));
}

TEST(Completion, OffersNothingForWhatIsUnknown) {
  EXPECT_EQ(asked({"nonsense", ""}), Words{});
  EXPECT_EQ(asked({"denoise", "--nonsense=x"}), Words{":none"});
}

class Shell : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "sounds");
    fs::create_directories(folder_ / "models");
    std::ofstream(folder_ / "models" / "zebra.safetensors") << "x";
    std::ofstream(folder_ / "zebra-talk.wav") << "x";
  }

  // What a shell prints for a script, the program on its PATH, in a folder with zebra-talk.wav and sounds/, where a
  // model is named zebra.
  Words shell(const std::string& command, const std::string& script) {
    if (std::system(("command -v " + command.substr(0, command.find(' ')) + " > /dev/null").c_str()) != 0) {
      skipped_ = true;
      return {};
    }
    std::ofstream(folder_ / ".script") << script;
    const std::string path = fs::path(PELLUCID_PROGRAM).parent_path().string();
    const std::string line = "cd " + folder_.string() + " && HOME=" + folder_.string() +
                             " XDG_CONFIG_HOME=" + folder_.string() + "/.config XDG_DATA_HOME=" + folder_.string() +
                             "/.data PELLUCID_MODELS=models PATH=" + path +
                             ":$PATH C=" PELLUCID_SOURCE_DIR "/completions " + command + " .script > .said 2>&1";
    EXPECT_EQ(std::system(line.c_str()), 0) << slurp(folder_ / ".said");
    return lines(slurp(folder_ / ".said"));
  }

  bool skipped_ = false;
};

TEST_F(Shell, BashCompletes) {
  const std::string source =
      "source $C/pellucid.bash\n"
      "t() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); $(complete -p pellucid | sed 's/.*-F \\([^ ]*\\).*/\\1/');\n"
      "  printf '%s\\n' \"${COMPREPLY[@]}\"; }\n";
  const auto bash = [&](const std::string& words) { return shell("bash --norc", source + "t " + words); };
  EXPECT_EQ(bash("pellucid den"), Words{"denoise"});
  if (skipped_) GTEST_SKIP() << "bash is not installed";
  EXPECT_EQ(bash("pellucid denoise --model ze"), (Words{"zebra", "zebra-talk.wav"}));
  EXPECT_EQ(bash("pellucid denoise --model = zebra"), (Words{"zebra", "zebra-talk.wav"}));
  EXPECT_EQ(bash("pellucid prepare --speech s"), Words{"sounds"});
  EXPECT_EQ(bash("pellucid denoise --link"), Words{"--link-channels"});
}

TEST_F(Shell, FishCompletes) {
  const auto fish = [&](const std::string& line) {
    return shell("fish", "set fish_complete_path $C\ncomplete -C '" + line + "'\n");
  };
  const Words commands = fish("pellucid den");
  if (skipped_) GTEST_SKIP() << "fish is not installed";
  EXPECT_EQ(commands, Words{"denoise"});
  const Words models = fish("pellucid denoise --model ze");
  EXPECT_TRUE(contains(models, "zebra") && contains(models, "zebra-talk.wav")) << testing::PrintToString(models);
  EXPECT_EQ(fish("pellucid denoise --format=f"), Words{"--format=f32"});
  EXPECT_EQ(fish("pellucid prepare --speech s"), Words{"sounds/"});
  EXPECT_EQ(fish("pellucid denoise --link"), Words{"--link-channels"});
}

TEST_F(Shell, ZshCompletes) {
  // The completion system's own functions, standing for those that only run while somebody types.
  const std::string source =
      "_describe() { print -l -- \"${(@)candidates%%:*}\" }\n_files() { print -- \"files $@\" }\ncompset() { true }\n"
      "t() { local words=(\"$@\") CURRENT=$#; _pellucid }\nfpath=($C $fpath)\nautoload -Uz _pellucid\n";
  const auto zsh = [&](const std::string& words) { return shell("zsh -f", source + "t " + words); };
  const Words commands = zsh("pellucid den");
  if (skipped_) GTEST_SKIP() << "zsh is not installed";
  EXPECT_EQ(commands, Words{"denoise"});
  EXPECT_EQ(zsh("pellucid denoise --model ze"), (Words{"zebra", "files "}));
  EXPECT_EQ(zsh("pellucid prepare --speech ''"), Words{"files -/"});
  EXPECT_EQ(zsh("pellucid denoise --link"), Words{"--link-channels"});
}

}  // namespace
}  // namespace pellucid::cli
