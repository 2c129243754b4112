// The unfinished corpus of a run: shards that grow, the ledger that says how far they are good, and the moment when all
// of it takes its place at once.
//
// Everything is written below OUT/.partial. finish() writes .partial/index.jsonl, which is the point of no return: from
// then on settle() moves shards, ledger and report up and the index last. A crash at any point is repaired by the next
// run: before that point it goes on from the ledger, after it settle() runs again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "corpus/index.hpp"
#include "corpus/prepare_ledger.hpp"
#include "corpus/shard_file.hpp"

namespace pellucid::corpus {

/// Whether a file that could not be read, by no fault of its own, now can be or shows a fault of its own.
using Mended = std::function<bool(const SourceFile&, const FileRecord&)>;

class PartialStore {
 public:
  /// Opens OUT/.partial or makes it. Of a ledger that is there the longest beginning is kept that was made with the
  /// same options, from the same files in the same order, without one that is mended(), and whose samples are still in
  /// the shards as they were written.
  PartialStore(const std::filesystem::path& out, const std::string& options, const std::vector<SourceFile>& files,
               std::uint64_t shard_bytes, const Mended& mended);

  const std::vector<FileRecord>& records() const { return records_; }
  /// Appends the samples of the pieces that are not refused, fills in where they went, and enters the file.
  void add(FileRecord record, std::span<const std::span<const std::int16_t>> samples);

  /// Shards with final names and checksums.
  std::vector<ShardInfo> seal();
  /// Completes the corpus.
  void finish(const std::string& index, const std::string& report);

  /// Moves a finished .partial into place; does nothing when there is none.
  static void settle(const std::filesystem::path& out);
  /// Removes .partial and the shards of an older corpus, which `index` does not name.
  static void sweep(const std::filesystem::path& out, const Index& index);
  static std::filesystem::path folder(const std::filesystem::path& out) { return out / ".partial"; }
  static std::string shard_name(std::uint32_t shard);

 private:
  std::filesystem::path shard_path(std::uint32_t shard) const;
  std::size_t good_records(const std::vector<FileRecord>& records) const;
  std::pair<std::uint32_t, std::uint64_t> append(std::span<const std::int16_t> samples);

  std::filesystem::path out_;
  std::uint64_t shard_bytes_;
  std::vector<FileRecord> records_;
  std::uint32_t shard_ = 0;          // the one that grows
  std::uint64_t shard_samples_ = 0;  // in it
  AppendFile shard_file_, ledger_file_;
};

}  // namespace pellucid::corpus
