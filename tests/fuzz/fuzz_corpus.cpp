#include <string>

#include "corpus/index.hpp"
#include "corpus/prepare_ledger.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

using corpus::Index;

/// The index that a well-meaning writer would make of all lines but the last.
std::string with_checksum(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text + "{\"crc32\":" + std::to_string(crc32(0, text.data(), text.size())) + "}\n";
}

void index(const std::string& text) {
  const Index read = corpus::parse_index(text, "index.jsonl");
  for (const corpus::Clip& clip : read.clips) {
    PELLUCID_PROMISE(clip.shard < read.shards.size() && clip.frames > 0);
    const std::uint64_t samples = read.shards[clip.shard].bytes / 2;
    PELLUCID_PROMISE(clip.offset_samples <= samples && clip.frames <= samples - clip.offset_samples);
  }
  for (const corpus::ShardInfo& shard : read.shards) PELLUCID_PROMISE(shard.name.find('/') == std::string::npos);
  const std::string written = corpus::write_index(read);
  PELLUCID_PROMISE(corpus::write_index(corpus::parse_index(written, "again")) == written);
}

/// Each line that is a JSON object gets the checksum that fits it.
std::string repaired_ledger(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    nlohmann::json line = pellucid::parse_json(std::string_view(text).substr(at, end - at));
    if (line.is_object() && line.contains("crc32")) {
      line.erase("crc32");
      const std::string sum = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      line["crc32"] = crc32(0, sum.data(), sum.size());
      out += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
      out += text.substr(at, end - at) + "\n";
    }
    at = end + 1;
  }
  return out;
}

void ledger(const std::string& text) {
  const corpus::Ledger read = corpus::parse_ledger(text);
  PELLUCID_PROMISE(read.ends.size() == read.records.size() && read.header_end <= text.size());
  std::uint64_t last = read.header_end;
  for (const std::uint64_t end : read.ends) {
    PELLUCID_PROMISE(end > last && end <= text.size());
    last = end;
  }
  std::string written;
  if (read.header_end > 0) written = corpus::ledger_header(read.options);
  for (const corpus::FileRecord& record : read.records) written += corpus::ledger_line(record);
  const corpus::Ledger again = corpus::parse_ledger(written);
  PELLUCID_PROMISE(again.records.size() == read.records.size() && again.options == read.options);
}

}  // namespace

void corpus(const uint8_t* bytes, size_t size) {
  if (size == 0) return;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    switch (bytes[0] % 4) {
      case 0:
        index(text);
        break;
      case 1:
        index(with_checksum(text));
        break;
      case 2:
        ledger(text);
        break;
      default:
        ledger(repaired_ledger(text));
        break;
    }
  } catch (const Error& error) {
    PELLUCID_PROMISE(error.code() == ExitCode::kCorpus && error.what()[0] != '\0');
  }
}

}  // namespace pellucid::fuzz
