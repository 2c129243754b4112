// Finds the recordings below source folders, in an order that depends on their names only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "corpus/corpus.hpp"

namespace pellucid::corpus {

struct SourceFolder {
  Kind kind = Kind::kSpeech;
  std::filesystem::path path;
};

/// One file that may be a recording, by its extension.
struct SourceFile {
  Kind kind = Kind::kSpeech;
  std::filesystem::path file;  ///< where it is
  std::string name;            ///< path below its folder, '/'-separated, valid UTF-8; unique within its kind
  std::string folder = {};  ///< its source folder's name, unique within its kind: the group of what lies directly in it
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;

  /// The same file as far as a second run can tell without reading it.
  bool same_as(const SourceFile& other) const {
    return kind == other.kind && name == other.name && bytes == other.bytes && modified_ns == other.modified_ns;
  }
};

struct ScanResult {
  std::vector<SourceFile> files;               ///< by kind, then folder as given, then name
  std::map<std::string, std::uint64_t> other;  ///< files passed over: extension -> count
};

/// Walks the folders, nested and linked ones too (support/walk.hpp). Throws Error(kInput) for a folder that is missing,
/// a file, or unreadable.
ScanResult scan(const std::vector<SourceFolder>& folders);

}  // namespace pellucid::corpus
