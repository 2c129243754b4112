// A share of a work that several machines divide: `--part 2/4` is the second of four.
//
// Each part leaves what it made in a folder of its own below the output, and says in it what it was made of. The same
// command without --part then does the whole work and takes from those folders what it would make itself: what is
// missing there or does not fit is made anew, so the result has the same bytes however it was divided.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pellucid::corpus {

struct Part {
  int index = 1;  ///< 1 to count
  int count = 0;  ///< 0: not divided
  bool divided() const { return count > 0; }
  /// Below `out`.
  std::filesystem::path folder(const std::filesystem::path& out) const;
};

/// Reads "I/N" with 1 <= I <= N <= 10000. Throws Error(kUsage).
Part parse_part(const std::string& text);

/// The folders of parts that are below `out`, sorted by name; links are left out.
std::vector<std::filesystem::path> part_folders(const std::filesystem::path& out);

}  // namespace pellucid::corpus
