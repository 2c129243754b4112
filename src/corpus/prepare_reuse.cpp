#include "corpus/prepare_reuse.hpp"

#include "corpus/prepare_store.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

/// An index of as many shards as an unfinished run has.
Index shards_in(const std::filesystem::path& folder) {
  Index index;
  std::error_code error;
  for (std::uint32_t i = 0; std::filesystem::exists(folder / PartialStore::shard_name(i), error); ++i)
    index.shards.push_back({PartialStore::shard_name(i), 0, 0});
  return index;
}

}  // namespace

Reuse::Reuse(const std::filesystem::path& folder, Ledger ledger)
    : Reuse(folder, shards_in(folder), std::move(ledger)) {}

Reuse::Reuse(const std::filesystem::path& corpus, const Index& index, Ledger ledger)
    : records_(std::move(ledger.records)) {
  for (const ShardInfo& shard : index.shards) {
    try {
      shards_.emplace_back(corpus / shard.name);
    } catch (const Error&) {
      shards_.emplace_back();  // its files are decoded again
    }
  }
  for (std::size_t i = 0; i < records_.size(); ++i) by_name_[{records_[i].source.kind, records_[i].source.name}] = i;
}

std::optional<ProcessedFile> Reuse::find(const SourceFile& file, const FitnessLimits& limits) const {
  const auto found = by_name_.find({file.kind, file.name});
  if (found == by_name_.end()) return std::nullopt;
  const FileRecord& old = records_[found->second];
  if (!old.source.same_as(file) || !old.damaged.empty()) return std::nullopt;
  ProcessedFile result;
  result.record.source = file;
  result.reused = true;
  for (const PieceRecord& piece : old.pieces) {
    PieceRecord record = piece;
    const Verdict verdict = judge(file.kind, piece.measures, limits);
    record.refused = verdict.reason;
    record.detail = verdict.detail;
    result.samples.emplace_back();
    if (verdict.reason.empty()) {
      if (!piece.refused.empty() || piece.shard >= shards_.size()) return std::nullopt;
      const std::span<const std::byte> bytes = shards_[piece.shard].bytes();
      const std::uint64_t held = bytes.size() / 2;
      if (piece.offset_samples > held || piece.frames > held - piece.offset_samples) return std::nullopt;
      const auto* begin = reinterpret_cast<const std::int16_t*>(bytes.data()) + piece.offset_samples;
      result.samples.back() = {begin, static_cast<std::size_t>(piece.frames)};
      if (hash_of(result.samples.back()) != piece.hash) return std::nullopt;
    }
    result.record.pieces.push_back(std::move(record));
  }
  return result;
}

}  // namespace pellucid::corpus
