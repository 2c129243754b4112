// The ledger of a preparation: what became of every source file, one JSON line each, in the order of the scan.
//
// A line is appended once the file's samples are in their shard, so after a kill the ledger's whole lines are what is
// finished. Each line ends with its own checksum; reading stops at the first that is cut short or damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/measure.hpp"
#include "corpus/scan.hpp"

namespace pellucid::corpus {

inline constexpr const char* kLedgerName = "files.jsonl";

/// A clip cut from a source file.
struct PieceRecord {
  Measures measures;
  std::string refused;  ///< key of the reason; empty: its samples are in the shard
  std::string detail;   ///< the reason as a sentence
  std::uint32_t shard = 0;
  std::uint64_t offset_samples = 0;
  std::uint64_t frames = 0;
  std::uint64_t hash = 0;  ///< of the 16-bit samples
};

struct FileRecord {
  SourceFile source;       ///< without `file`
  std::string damaged;     ///< why it could not be read; empty: it could
  bool try_again = false;  ///< DecodedFile's
  std::vector<PieceRecord> pieces;
};

struct Ledger {
  std::string options;  ///< JSON object of the options that decide the pieces
  std::vector<FileRecord> records;
  std::vector<std::uint64_t> ends;  ///< byte of the file where each record's line ends
  std::uint64_t header_end = 0;
};

std::string ledger_header(const std::string& options);
std::string ledger_line(const FileRecord& record);
/// Reads as many whole, valid lines as there are; a text without a valid header gives an empty ledger with empty
/// options.
Ledger parse_ledger(std::string_view text);
/// The same of a file; one that is not there is empty. Throws Error(kCorpus) where it cannot be read.
Ledger read_ledger(const std::filesystem::path& path);

/// FNV-1a over 16-bit samples.
std::uint64_t hash_of(std::span<const std::int16_t> samples);

}  // namespace pellucid::corpus
