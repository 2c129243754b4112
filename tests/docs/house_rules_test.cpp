// The rules of the house that a machine can hold: sizes of files, no paths of one machine, the layers' arrows.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "documents.hpp"

namespace {

namespace fs = std::filesystem;
using namespace pellucid::docs;

bool is_text(const fs::path& path) {
  static const std::set<std::string> kExtensions = {".cpp", ".hpp", ".h",    ".c",    ".md",    ".sh", ".txt",
                                                    ".in",  ".pc",  ".toml", ".json", ".cmake", ".js", ".mjs",
                                                    ".py",  ".pyi", ".html", ".css",  ".ts"};
  const std::string name = path.filename().string();
  return kExtensions.count(path.extension().string()) > 0 || name == "Makefile" || name == "run";
}

TEST(HouseRules, NoFileIsLongerThan500Lines) {
  for (const fs::path& file : source_files()) {
    const bool is_data = short_name(file).rfind("tests/data/", 0) == 0;
    if (!is_text(file) || is_data) continue;
    EXPECT_LE(lines_of(read_text(file)).size(), 500u) << short_name(file);
  }
}

TEST(HouseRules, NoFileNamesAPathOfOneMachine) {
  // In pieces, so that this file does not name one itself.
  const std::regex machine_path(std::string("(^|[^A-Za-z0-9_.~-])/(") + "wo" + "rk|ro" + "ot|ho" + "me)/[A-Za-z]");
  for (const fs::path& file : source_files()) {
    if (!is_text(file)) continue;
    std::size_t number = 0;
    for (const std::string& line : lines_of(read_text(file))) {
      ++number;
      EXPECT_FALSE(std::regex_search(line, machine_path)) << short_name(file) << ":" << number << ": " << line;
    }
  }
}

TEST(HouseRules, EveryRecordingIsNamedInDebiansCopyright) {
  std::vector<std::string> patterns;
  for (const std::string& line : lines_of(read_text(fs::path(PELLUCID_SOURCE_DIR) / "debian/copyright"))) {
    if (line.rfind("Files: ", 0) != 0) continue;
    std::istringstream words(line.substr(7));
    for (std::string word; words >> word;) patterns.push_back(word);
  }
  for (const fs::path& file : source_files()) {
    if (file.extension() != ".opus" && file.extension() != ".flac") continue;
    const std::string name = short_name(file);
    const bool named = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      const std::size_t star = pattern.find('*');
      return star != 0 &&
             (pattern == name || (star != std::string::npos && name.rfind(pattern.substr(0, star), 0) == 0));
    });
    EXPECT_TRUE(named) << name;
  }
}

using Arrows = std::set<std::pair<std::string, std::string>>;

std::string as_text(const Arrows& arrows) {
  std::string text;
  for (const auto& [from, to] : arrows) text += from + " --> " + to + "\n";
  return text;
}

// "layer --> layer it links", from src/*/CMakeLists.txt. A target pellucid_LAYER_PART is a part of its layer.
Arrows linked_layers() {
  const std::regex link(R"(target_link_libraries\(\s*\S+\s([^)]*)\))");
  const std::regex library(R"(\bpellucid_([a-z]+))");
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "src";
  Arrows arrows;
  for (const auto& layer : fs::directory_iterator(root)) {
    const std::string name = layer.path().filename().string();
    const std::string text = read_text(layer.path() / "CMakeLists.txt");
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      const std::string libraries = (*it)[1];
      for (std::sregex_iterator l(libraries.begin(), libraries.end(), library); l != end; ++l) {
        if ((*l)[1] != name && fs::exists(root / (*l)[1].str())) arrows.insert({name, (*l)[1]});
      }
    }
  }
  return arrows;
}

// "a --> b" of the first Mermaid diagram of docs/architecture.md; "a --> b & c" stands for two.
Arrows drawn_layers() {
  const std::regex arrow(R"(^\s*([a-z]+)\s+-->\s+([a-z& ]+)\s*$)");
  const std::regex word("[a-z]+");
  Arrows arrows;
  for (const Fence& fence : fences(read_text(fs::path(PELLUCID_SOURCE_DIR) / "docs/architecture.md"))) {
    if (fence.language != "mermaid") continue;
    for (const std::string& line : fence.lines) {
      std::smatch match;
      if (!std::regex_match(line, match, arrow)) continue;
      const std::string targets = match[2];
      for (std::sregex_iterator it(targets.begin(), targets.end(), word), end; it != end; ++it) {
        arrows.insert({match[1], it->str()});
      }
    }
    break;
  }
  return arrows;
}

TEST(HouseRules, TheDiagramOfLayersIsWhatCMakeLinks) { EXPECT_EQ(as_text(drawn_layers()), as_text(linked_layers())); }

TEST(HouseRules, TheEngineKnowsNothingOfFilesOrThreads) {
  const std::regex include("#include\\s+[<\"]([^>\"]+)[>\"]");
  const std::set<std::string> allowed = {"stdint.h", "stddef.h"};
  const std::string heap = "src/engine/c_api_heap.cpp";  // pellucid_create's malloc, apart from all the rest
  for (const fs::path& file : source_files()) {
    const std::string name = short_name(file);
    const bool freestanding =
        name.rfind("src/dsp/", 0) == 0 || name.rfind("src/nn/", 0) == 0 || name.rfind("src/engine/", 0) == 0;
    if (!freestanding || name == heap || (file.extension() != ".cpp" && file.extension() != ".hpp")) continue;
    const std::string text = read_text(file);
    for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
      const std::string header = (*it)[1];
      const bool own = std::regex_search(header, std::regex("^(dsp|nn|engine|pellucid)/"));
      EXPECT_TRUE(own || allowed.count(header) > 0) << name << " includes " << header;
    }
  }
}

}  // namespace
