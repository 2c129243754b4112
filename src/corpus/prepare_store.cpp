#include "corpus/prepare_store.hpp"

#include <algorithm>

#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReportName = "report.json";

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    throw Error(ExitCode::kOutput, "{}: cannot be moved to {} ({}); check the folder and run the same command again",
                from.string(), to.string(), error.message());
  }
}

std::span<const std::int16_t> samples_in(const MappedFile& file) {
  return {reinterpret_cast<const std::int16_t*>(file.bytes().data()), file.bytes().size() / 2};
}

}  // namespace

PartialStore::PartialStore(const fs::path& out, const std::string& options, const std::vector<SourceFile>& files,
                           std::uint64_t shard_bytes, const Mended& mended)
    : out_(out), shard_bytes_(shard_bytes) {
  const fs::path ledger_path = folder(out) / kLedgerName;
  std::error_code error;
  fs::create_directories(folder(out), error);
  if (error) {
    throw Error(ExitCode::kOutput, "--out {}: cannot make this folder ({}); check the path and its permissions",
                out.string(), error.message());
  }
  Ledger ledger = read_ledger(ledger_path);
  std::size_t kept = 0;
  if (ledger.options == options) {
    const std::size_t most = std::min(ledger.records.size(), files.size());
    while (kept < most && ledger.records[kept].source.same_as(files[kept]) &&
           !mended(files[kept], ledger.records[kept]))
      ++kept;
    ledger.records.resize(kept);
    kept = good_records(ledger.records);
    ledger.records.resize(kept);
  } else {
    ledger.records.clear();
    ledger.header_end = 0;
  }
  for (const FileRecord& record : ledger.records) {
    for (const PieceRecord& piece : record.pieces) {
      if (!piece.refused.empty()) continue;
      if (piece.shard != shard_) AppendFile(shard_path(shard_), shard_samples_ * 2);  // cut to what the ledger says
      shard_ = piece.shard;
      shard_samples_ = piece.offset_samples + piece.frames;
    }
  }
  records_ = std::move(ledger.records);
  // What lies behind the last good record is cut off before anything is appended.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder(out))) {
    if (entry.path().extension() == ".pcm" && entry.path() > shard_path(shard_)) fs::remove(entry.path());
  }
  shard_file_ = AppendFile(shard_path(shard_), shard_samples_ * 2);
  ledger_file_ = AppendFile(ledger_path, kept > 0 ? ledger.ends[kept - 1] : ledger.header_end);
  if (ledger.header_end == 0) {
    const std::string header = ledger_header(options);
    ledger_file_.write(header.data(), header.size());
  }
}

std::string PartialStore::shard_name(std::uint32_t shard) { return fmt::format("{:05}.pcm", shard); }

fs::path PartialStore::shard_path(std::uint32_t shard) const { return folder(out_) / shard_name(shard); }

std::size_t PartialStore::good_records(const std::vector<FileRecord>& records) const {
  std::uint32_t shard = 0;
  std::uint64_t next = 0;  // where the next piece of a truthful ledger begins
  MappedFile file;
  bool open = false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const PieceRecord& piece : records[i].pieces) {
      if (!piece.refused.empty()) continue;
      if (piece.shard != shard || !open) {
        if (piece.shard != shard && piece.shard != shard + 1) return i;
        if (piece.shard != shard) next = 0;
        shard = piece.shard;
        std::error_code error;
        if (!fs::is_regular_file(fs::symlink_status(shard_path(shard), error))) return i;
        file = MappedFile(shard_path(shard));
        open = true;
      }
      const std::span<const std::int16_t> samples = samples_in(file);
      if (piece.offset_samples != next || piece.frames > samples.size() || next > samples.size() - piece.frames)
        return i;
      if (hash_of(samples.subspan(next, piece.frames)) != piece.hash) return i;
      next += piece.frames;
    }
  }
  return records.size();
}

std::pair<std::uint32_t, std::uint64_t> PartialStore::append(std::span<const std::int16_t> samples) {
  if (shard_samples_ > 0 && (shard_samples_ + samples.size()) * 2 > shard_bytes_) {
    shard_file_.sync();
    ++shard_;
    shard_samples_ = 0;
    shard_file_ = AppendFile(shard_path(shard_), 0);
  }
  const std::uint64_t offset = shard_samples_;
  shard_file_.write(samples.data(), samples.size_bytes());
  shard_samples_ += samples.size();
  return {shard_, offset};
}

void PartialStore::add(FileRecord record, std::span<const std::span<const std::int16_t>> samples) {
  for (std::size_t i = 0; i < record.pieces.size(); ++i) {
    if (!record.pieces[i].refused.empty()) continue;
    std::tie(record.pieces[i].shard, record.pieces[i].offset_samples) = append(samples[i]);
  }
  const std::string line = ledger_line(record);
  ledger_file_.write(line.data(), line.size());
  records_.push_back(std::move(record));
}

std::vector<ShardInfo> PartialStore::seal() {
  shard_file_.sync();
  ledger_file_.sync();
  std::vector<ShardInfo> shards;
  for (std::uint32_t i = 0; i <= shard_; ++i) {
    const MappedFile file(shard_path(i));
    if (file.bytes().empty()) break;  // nothing was accepted at all
    const std::uint32_t crc = crc32(0, file.bytes().data(), file.bytes().size());
    shards.push_back({fmt::format("shard-{:05}-{:08x}.pcm", i, crc), file.bytes().size(), crc});
  }
  return shards;
}

void PartialStore::finish(const std::string& index, const std::string& report) {
  write_file(folder(out_) / kReportName, report);
  write_file(folder(out_) / kIndexName, index);
  shard_file_.close();
  ledger_file_.close();
  settle(out_);
}

void PartialStore::settle(const fs::path& out) {
  const fs::path partial = folder(out), index_path = partial / kIndexName;
  std::error_code error;
  if (!fs::exists(index_path, error)) return;
  Index index;
  try {
    const MappedFile file(index_path);
    index = parse_index(file.text(), index_path.string());
  } catch (const Error&) {
    fs::remove(index_path, error);  // not what finish() wrote: the run goes on from its ledger
    return;
  }
  for (std::size_t i = 0; i < index.shards.size(); ++i) {
    const fs::path from = partial / fmt::format("{:05}.pcm", i);
    if (fs::exists(from, error)) rename_or_throw(from, out / index.shards[i].name);
  }
  for (const char* name : {kLedgerName, kReportName}) {
    if (fs::exists(partial / name, error)) rename_or_throw(partial / name, out / name);
  }
  sync_folder(out);
  rename_or_throw(index_path, out / kIndexName);
  sync_folder(out);
  sweep(out, index);
}

void PartialStore::sweep(const fs::path& out, const Index& index) {
  std::set<std::string> names;
  for (const ShardInfo& shard : index.shards) names.insert(shard.name);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("shard-") && name.ends_with(".pcm") && !names.contains(name)) fs::remove(entry.path(), error);
  }
  fs::remove_all(folder(out), error);
}

}  // namespace pellucid::corpus
