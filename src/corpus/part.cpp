#include "corpus/part.hpp"

#include <algorithm>
#include <charconv>

#include "support/error.hpp"

namespace pellucid::corpus {
namespace fs = std::filesystem;

fs::path Part::folder(const fs::path& out) const { return out / fmt::format(".part-{}-of-{}", index, count); }

Part parse_part(const std::string& text) {
  constexpr int kMostParts = 10000;
  Part part;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, part.index);
  const bool divided = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = divided ? std::from_chars(first.ptr + 1, end, part.count) : first;
  if (!divided || second.ec != std::errc() || second.ptr != end || part.index < 1 || part.index > part.count ||
      part.count > kMostParts) {
    throw Error(ExitCode::kUsage, "--part: found '{}', expected I/N with I from 1 to N, for example 2/4.", text);
  }
  return part;
}

std::vector<fs::path> part_folders(const fs::path& out) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(out, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".part-") && name.find("-of-") != std::string::npos &&
        fs::is_directory(entry.symlink_status()))
      folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace pellucid::corpus
