#include "corpus/prepare_ledger.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "corpus/index.hpp"
#include "support/crc32.hpp"
#include "support/parse_json.hpp"
#include "support/read_file.hpp"

namespace pellucid::corpus {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "pellucid-ledger";
constexpr int kVersion = 1;

std::string dump(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

// Keys are sorted and numbers written so that they come back the same, hence equal objects have equal text.
std::uint32_t checksum(const json& object) {
  const std::string text = dump(object);
  return crc32(0, text.data(), text.size());
}

json to_json(const PieceRecord& piece) {
  const Measures& m = piece.measures;
  json object = {{"seconds", m.duration_s},
                 {"active_level_dbfs", m.active_level_dbfs},
                 {"activity", m.activity},
                 {"rms_dbfs", m.rms_dbfs},
                 {"peak", m.peak},
                 {"noise_floor_dbfs", m.noise_floor_dbfs},
                 {"dynamic_db", m.dynamic_db},
                 {"silence_share", m.silence_share},
                 {"clipped_share", m.clipped_share},
                 {"bandwidth_hz", m.bandwidth_hz},
                 {"frames", piece.frames},
                 {"hash", piece.hash}};
  if (piece.refused.empty()) {
    object["shard"] = piece.shard;
    object["offset"] = piece.offset_samples;
  } else {
    object["refused"] = piece.refused;
    object["detail"] = piece.detail;
  }
  return object;
}

// Anything unexpected throws a json::exception; read_ledger() ends there.

float finite(const json& value) {
  const float number = value.get<float>();
  if (!std::isfinite(number)) throw json::other_error::create(501, "not a number of float32", nullptr);
  return number;
}

PieceRecord piece_from(const json& object) {
  PieceRecord piece;
  Measures& m = piece.measures;
  m.duration_s = object.at("seconds").get<double>();
  m.active_level_dbfs = finite(object.at("active_level_dbfs"));
  m.activity = finite(object.at("activity"));
  m.rms_dbfs = finite(object.at("rms_dbfs"));
  m.peak = finite(object.at("peak"));
  m.noise_floor_dbfs = finite(object.at("noise_floor_dbfs"));
  m.dynamic_db = finite(object.at("dynamic_db"));
  m.silence_share = finite(object.at("silence_share"));
  m.clipped_share = finite(object.at("clipped_share"));
  m.bandwidth_hz = finite(object.at("bandwidth_hz"));
  piece.frames = whole_number<std::uint64_t>(object.at("frames"));
  piece.hash = whole_number<std::uint64_t>(object.at("hash"));
  if (object.contains("refused")) {
    piece.refused = object.at("refused").get<std::string>();
    piece.detail = object.at("detail").get<std::string>();
  } else {
    piece.shard = whole_number<std::uint32_t>(object.at("shard"));
    piece.offset_samples = whole_number<std::uint64_t>(object.at("offset"));
  }
  return piece;
}

FileRecord record_from(const json& object) {
  FileRecord record;
  const std::optional<Kind> kind = kind_from_string(object.at("kind").get<std::string>());
  if (!kind) throw json::other_error::create(501, "kind", nullptr);
  record.source.kind = *kind;
  record.source.name = object.at("path").get<std::string>();
  record.source.bytes = whole_number<std::uint64_t>(object.at("bytes"));
  record.source.modified_ns = whole_number<std::int64_t>(object.at("modified_ns"));
  record.damaged = object.value("damaged", "");
  record.try_again = object.value("try_again", false);
  for (const json& piece : object.at("pieces")) record.pieces.push_back(piece_from(piece));
  return record;
}

}  // namespace

std::string ledger_header(const std::string& options) {
  return json{{"format", kFormat}, {"version", kVersion}, {"options", json::parse(options)}}.dump() + "\n";
}

std::string ledger_line(const FileRecord& record) {
  json object = {{"kind", to_string(record.source.kind)},
                 {"path", record.source.name},
                 {"bytes", record.source.bytes},
                 {"modified_ns", record.source.modified_ns},
                 {"pieces", json::array()}};
  if (!record.damaged.empty()) object["damaged"] = record.damaged;
  if (record.try_again) object["try_again"] = true;
  for (const PieceRecord& piece : record.pieces) object["pieces"].push_back(to_json(piece));
  object["crc32"] = checksum(object);
  return dump(object) + "\n";
}

Ledger parse_ledger(std::string_view text) {
  Ledger ledger;
  std::uint64_t position = 0;
  for (std::size_t end; (end = text.find('\n', position)) != std::string_view::npos;) {
    const std::string_view line = text.substr(position, end - position);
    position = end + 1;
    try {
      json object = parse_json(line);
      if (ledger.header_end == 0) {
        if (object.at("format") != kFormat || object.at("version") != kVersion) return {};
        ledger.options = object.at("options").dump();
        ledger.header_end = position;
      } else {
        const auto expected = whole_number<std::uint32_t>(object.at("crc32"));
        object.erase("crc32");
        if (checksum(object) != expected) break;
        ledger.records.push_back(record_from(object));
        ledger.ends.push_back(position);
      }
    } catch (const json::exception&) {
      break;
    }
  }
  return ledger;
}

Ledger read_ledger(const std::filesystem::path& path) {
  return parse_ledger(read_file_if_there(path, ExitCode::kCorpus).value_or(""));
}

std::uint64_t hash_of(std::span<const std::int16_t> samples) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const std::int16_t sample : samples) hash = (hash ^ static_cast<std::uint16_t>(sample)) * 0x100000001B3u;
  return hash;
}

}  // namespace pellucid::corpus
