// Every relative link of a document leads to a file, and every #anchor to a heading.
#include <gtest/gtest.h>

#include <cctype>
#include <regex>
#include <set>

#include "documents.hpp"

namespace {

namespace fs = std::filesystem;
using namespace pellucid::docs;

// A heading's anchor as GitHub makes it: lower case, punctuation dropped, blanks to hyphens.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || c == '-' || c == '_' || u >= 0x80) {
      anchor += static_cast<char>(std::tolower(u));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::set<std::string> anchors(const fs::path& path) {
  std::set<std::string> found;
  for (const std::string& line : lines_of(without_fences(read_text(path)))) {
    const std::size_t text = line.find_first_not_of('#');
    if (text != 0 && text != std::string::npos && line[text] == ' ') found.insert(anchor_of(line.substr(text + 1)));
  }
  return found;
}

TEST(Documents, EveryRelativeLinkResolves) {
  const std::regex link(R"(\]\(([^)\s]+)\))");
  int checked = 0;
  for (const fs::path& file : markdown_files()) {
    const std::string prose = without_fences(read_text(file));
    for (std::sregex_iterator it(prose.begin(), prose.end(), link), end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.find("://") != std::string::npos || target.rfind("mailto:", 0) == 0) continue;
      const std::size_t hash = target.find('#');
      const std::string name = target.substr(0, hash);
      const fs::path path = name.empty() ? file : file.parent_path() / name;
      EXPECT_TRUE(fs::exists(path)) << short_name(file) << " links to " << target << ", which does not exist";
      if (hash != std::string::npos && path.extension() == ".md" && fs::exists(path)) {
        EXPECT_TRUE(anchors(path).count(target.substr(hash + 1)) > 0)
            << short_name(file) << " links to " << target << ": no such heading";
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 5);
}

// A path in backticks that starts with a folder of the project; `*` stands for what may vary.
TEST(Documents, EveryPathInBackticksExists) {
  const std::regex path(R"(^(src|include|tests|docs|scripts|recipes|models|examples|bench|cmake)/[A-Za-z0-9_./*-]*$)");
  int checked = 0;
  for (const fs::path& file : markdown_files()) {
    for (const std::string& span : code_spans(read_text(file))) {
      if (!std::regex_match(span, path)) continue;
      ++checked;
      const fs::path whole = fs::path(PELLUCID_SOURCE_DIR) / span;
      const fs::path place = span.find('*') == std::string::npos ? whole : whole.parent_path();
      EXPECT_TRUE(fs::exists(place)) << short_name(file) << " speaks of `" << span << "`, which does not exist";
    }
  }
  EXPECT_GT(checked, 5);
}

}  // namespace
