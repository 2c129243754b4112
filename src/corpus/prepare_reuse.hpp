// Finished work of an earlier corpus, for bringing it up to date without decoding everything again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "corpus/index.hpp"
#include "corpus/prepare.hpp"
#include "corpus/prepare_ledger.hpp"
#include "corpus/prepare_pipeline.hpp"
#include "corpus/shard_file.hpp"

namespace pellucid::corpus {

class Reuse {
 public:
  Reuse() = default;
  /// The ledger must come from the same rate and piece length. Shards that are missing or damaged are simply not used.
  Reuse(const std::filesystem::path& corpus, const Index& index, Ledger ledger);
  /// What a part has made so far, finished or not; `folder` is that of PartialStore.
  Reuse(const std::filesystem::path& folder, Ledger ledger);

  /// What became of a file that has not changed since, judged by today's limits; nothing when it must be decoded: it is
  /// new, its samples were not kept, or they are no longer what they were. The samples are those in the shards, for as
  /// long as this object lives. Safe to call from several threads.
  std::optional<ProcessedFile> find(const SourceFile& file, const FitnessLimits& limits) const;

 private:
  std::vector<MappedFile> shards_;
  std::vector<FileRecord> records_;
  std::map<std::pair<Kind, std::string>, std::size_t> by_name_;
};

}  // namespace pellucid::corpus
