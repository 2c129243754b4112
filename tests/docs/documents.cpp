#include "documents.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace pellucid::docs {

namespace fs = std::filesystem;

std::vector<fs::path> source_files() {
  const std::set<std::string> skipped = {"build", ".git", ".cache", "demo"};
  std::vector<fs::path> files;
  for (auto it = fs::recursive_directory_iterator(PELLUCID_SOURCE_DIR); it != fs::recursive_directory_iterator();
       ++it) {
    if (it->is_directory() && it.depth() == 0 && skipped.count(it->path().filename().string()) > 0) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> markdown_files() {
  std::vector<fs::path> files = source_files();
  std::erase_if(files, [](const fs::path& path) { return path.extension() != ".md"; });
  return files;
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Fence> fences(const std::string& markdown) {
  std::vector<Fence> found;
  bool inside = false;
  for (const std::string& line : lines_of(markdown)) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line.compare(start, 3, "```") == 0) {
      if (!inside) found.push_back({line.substr(start + 3), {}});
      inside = !inside;
    } else if (inside) {
      found.back().lines.push_back(line);
    }
  }
  return found;
}

std::string without_fences(const std::string& markdown) {
  std::string prose;
  bool inside = false;
  for (const std::string& line : lines_of(markdown)) {
    const std::size_t start = line.find_first_not_of(' ');
    const bool fence = start != std::string::npos && line.compare(start, 3, "```") == 0;
    if (fence) inside = !inside;
    if (!fence && !inside) prose += line + "\n";
  }
  return prose;
}

std::vector<std::string> code_spans(const std::string& markdown) {
  static const std::regex kSpan("`([^`\n]+)`");
  const std::string prose = without_fences(markdown);
  std::vector<std::string> spans;
  for (std::sregex_iterator it(prose.begin(), prose.end(), kSpan), end; it != end; ++it) spans.push_back((*it)[1]);
  return spans;
}

std::string short_name(const fs::path& path) { return fs::relative(path, PELLUCID_SOURCE_DIR).string(); }

}  // namespace pellucid::docs
