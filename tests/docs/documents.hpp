// The project's own text files, and what Markdown says in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pellucid::docs {

/// Every file of the source tree but build products, version control and caches.
std::vector<std::filesystem::path> source_files();
/// The source tree's *.md files.
std::vector<std::filesystem::path> markdown_files();

std::string read_text(const std::filesystem::path& path);
std::vector<std::string> lines_of(const std::string& text);

/// A fenced block's language (may be empty) and its lines.
struct Fence {
  std::string language;
  std::vector<std::string> lines;
};
std::vector<Fence> fences(const std::string& markdown);
/// The text with its fenced blocks left out.
std::string without_fences(const std::string& markdown);
/// Everything in `backticks` on one line, outside fenced blocks.
std::vector<std::string> code_spans(const std::string& markdown);

/// A path as a person names it: relative to the source tree.
std::string short_name(const std::filesystem::path& path);

}  // namespace pellucid::docs
