// Every command that a document shows exists, with every option that it is shown with.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "documents.hpp"

namespace {

namespace fs = std::filesystem;
using namespace pellucid::docs;

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> block;
  for (std::size_t n = 0; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), n);
  EXPECT_EQ(pclose(pipe), 0) << command << " failed:\n" << text;
  return text;
}

// The lines of shell blocks with continuations joined, and code spans; cut where the shell starts another command.
std::vector<std::string> shown_commands(const std::string& markdown) {
  std::vector<std::string> lines = code_spans(markdown);
  for (const Fence& fence : fences(markdown)) {
    if (fence.language != "sh" && fence.language != "bash" && fence.language != "console") continue;
    std::string joined;
    for (const std::string& line : fence.lines) {
      joined += line;
      if (!joined.empty() && joined.back() == '\\') {
        joined.back() = ' ';
        continue;
      }
      lines.push_back(joined);
      joined.clear();
    }
  }
  const std::regex separator(R"(\s*(\||&&|;)\s*)");
  std::vector<std::string> commands;
  for (std::string line : lines) {
    line = line.substr(0, line.find(" #"));
    for (std::sregex_token_iterator it(line.begin(), line.end(), separator, -1), end; it != end; ++it) {
      commands.push_back(*it);
    }
  }
  return commands;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    if (words.empty() && word == "$") continue;
    words.push_back(word);
  }
  return words;
}

// "--name" or "-n" as a whole word of a help text.
bool lists_option(const std::string& help, const std::string& option) {
  const std::regex whole("(^|[\\s,\\[|])" + option + "($|[^A-Za-z0-9-])", std::regex::multiline);
  return std::regex_search(help, whole);
}

// The subcommands of `pellucid --help`: the indented names under "Subcommands:".
std::set<std::string> subcommands(const std::string& help) {
  std::set<std::string> names;
  bool inside = false;
  const std::regex entry(R"(^ {1,4}([a-z][a-z-]*)(\s.*)?$)");
  for (const std::string& line : lines_of(help)) {
    std::smatch match;
    if (std::regex_match(line, std::regex(R"(\s*([Ss]ubc|[Cc])ommands:?\s*)"))) {
      inside = true;
    } else if (inside && std::regex_match(line, match, entry)) {
      names.insert(match[1]);
    } else if (inside && !line.empty() && line[0] != ' ') {
      inside = false;
    }
  }
  return names;
}

TEST(Documents, EveryPellucidCommandAndOptionExists) {
  const std::string program = PELLUCID_PROGRAM;
  const std::set<std::string> known = subcommands(output_of(program + " --help"));
  ASSERT_FALSE(known.empty()) << "no subcommand found in the help text";
  std::map<std::string, std::string> help;
  for (const std::string& name : known) help[name] = output_of(program + " " + name + " --help");
  help[""] = output_of(program + " --help");

  // Only where there is a trainer.
  const std::set<std::string> trained = {"adapt", "average", "distill", "prune", "train"};
  int checked = 0;
  for (const fs::path& file : markdown_files()) {
    for (const std::string& command : shown_commands(read_text(file))) {
      const std::vector<std::string> words = words_of(command);
      if (words.size() < 2 || (words[0] != "pellucid" && words[0] != "build/release/pellucid")) continue;
      const bool global = words[1][0] == '-';
      const std::string name = global ? "" : words[1];
      if (!std::regex_match(name, std::regex("[a-z-]*"))) continue;  // a placeholder such as SUBCOMMAND
      if (!PELLUCID_HAS_TRAINING && known.count(name) == 0 && trained.count(name) > 0) continue;
      ASSERT_TRUE(help.count(name) > 0) << short_name(file) << ": `" << command << "`: no such subcommand";
      for (std::size_t i = 1; i < words.size(); ++i) {
        std::smatch option;
        if (!std::regex_search(words[i], option, std::regex(R"(^\[?(--?[a-z][a-z0-9-]*))"))) continue;
        EXPECT_TRUE(lists_option(help[name], option[1]))
            << short_name(file) << ": `" << command << "`: no such option " << option[1];
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 5);
}

TEST(Documents, EveryMakeTargetExists) {
  const std::string makefile = read_text(fs::path(PELLUCID_SOURCE_DIR) / "Makefile");
  const std::regex rule(R"(^([a-z][a-z -]*):)");
  std::set<std::string> targets;
  for (const std::string& line : lines_of(makefile)) {
    std::smatch match;
    if (!std::regex_search(line, match, rule)) continue;
    for (const std::string& name : words_of(match[1])) targets.insert(name);
  }
  ASSERT_TRUE(targets.count("demo") > 0);
  for (const std::string& name : targets) {
    EXPECT_NE(makefile.find("\n## " + name + " "), std::string::npos) << "`make help` does not list " << name;
  }
  for (const fs::path& file : markdown_files()) {
    for (const std::string& command : shown_commands(read_text(file))) {
      const std::vector<std::string> words = words_of(command);
      if (words.size() < 2 || words[0] != "make") continue;
      if (!std::regex_match(words[1], std::regex("[a-z][a-z-]*"))) continue;  // a variable or a placeholder
      EXPECT_TRUE(targets.count(words[1]) > 0) << short_name(file) << ": `" << command << "`: no such target";
    }
  }
}

TEST(Documents, TheReadmeListsEveryExitCode) {
  const std::string readme = read_text(fs::path(PELLUCID_SOURCE_DIR) / "README.md");
  const std::string header = read_text(fs::path(PELLUCID_SOURCE_DIR) / "src/support/error.hpp");
  const std::regex enumerator(R"(\bk[A-Z][A-Za-z]* = (\d+))");
  int checked = 0;
  for (std::sregex_iterator it(header.begin(), header.end(), enumerator), end; it != end; ++it, ++checked) {
    EXPECT_NE(readme.find("\n| " + (*it)[1].str() + " |"), std::string::npos)
        << "README.md has no row for exit code " << (*it)[1];
  }
  EXPECT_GT(checked, 5);
}

}  // namespace
