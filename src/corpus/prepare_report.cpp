#include "corpus/prepare_report.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

using nlohmann::json;

constexpr Kind kKinds[] = {Kind::kSpeech, Kind::kNoise, Kind::kRir};
constexpr Split kSplits[] = {Split::kTrain, Split::kValid, Split::kTest};

double rounded(double value) { return std::round(value * 1000) / 1000; }

}  // namespace

std::string piece_name(const FileRecord& record, std::size_t piece) {
  return record.pieces.size() < 2 ? record.source.name : fmt::format("{}#{}", record.source.name, piece + 1);
}

void count_totals(const std::vector<FileRecord>& records, const Index& index, PrepareResult& result) {
  result.files = records.size();
  result.damaged = result.refused = 0;
  for (const FileRecord& record : records) {
    result.damaged += record.damaged.empty() ? 0 : 1;
    for (const PieceRecord& piece : record.pieces) result.refused += piece.refused.empty() ? 0 : 1;
  }
  result.shards = index.shards.size();
  std::set<std::string> groups[3][3];
  for (auto& row : result.totals) {
    for (PrepareTotals& totals : row) totals = {};
  }
  for (const Clip& clip : index.clips) {
    const auto kind = static_cast<std::size_t>(clip.kind), split = static_cast<std::size_t>(clip.split);
    PrepareTotals& totals = result.totals[kind][split];
    ++totals.clips;
    totals.hours += static_cast<double>(clip.frames) / index.rate_hz / 3600;
    if (groups[kind][split].insert(clip.group).second) ++totals.groups;
  }
}

std::string make_report(const std::vector<FileRecord>& records, const Index& index,
                        const std::map<std::string, std::uint64_t>& other_files, const PrepareResult& result) {
  json report = {{"format", "pellucid-corpus-report"},
                 {"version", 1},
                 {"rate_hz", index.rate_hz},
                 {"made_with", json::parse(index.made_with)},
                 {"files", result.files},
                 {"damaged_files", result.damaged},
                 {"refused_clips", result.refused},
                 {"shards", result.shards},
                 {"other_files", other_files},
                 {"damaged", json::array()},
                 {"refused", json::array()},
                 {"flagged", json::array()}};
  for (const Kind kind : kKinds) {
    for (const Split split : kSplits) {
      const PrepareTotals& totals = result.totals[static_cast<std::size_t>(kind)][static_cast<std::size_t>(split)];
      report["totals"][to_string(kind)][to_string(split)] = {
          {"clips", totals.clips}, {"groups", totals.groups}, {"hours", rounded(totals.hours)}};
    }
  }
  json by_reason = json::object();
  for (const FileRecord& record : records) {
    const char* kind = to_string(record.source.kind);
    if (!record.damaged.empty()) {
      report["damaged"].push_back({{"kind", kind}, {"path", record.source.name}, {"why", record.damaged}});
    }
    for (std::size_t i = 0; i < record.pieces.size(); ++i) {
      const PieceRecord& piece = record.pieces[i];
      const std::string name = piece_name(record, i);
      if (!piece.refused.empty()) {
        report["refused"].push_back(
            {{"kind", kind}, {"path", name}, {"reason", piece.refused}, {"detail", piece.detail}});
        json& entry = by_reason[kind][piece.refused];
        if (entry.is_null()) entry = {{"clips", 0}, {"hours", 0.0}};
        entry["clips"] = entry["clips"].get<int>() + 1;
        entry["hours"] = entry["hours"].get<double>() + piece.measures.duration_s / 3600;
      } else if (const std::vector<std::string> flags = flags_of(record.source.kind, piece.measures, index.rate_hz);
                 !flags.empty()) {
        report["flagged"].push_back({{"kind", kind}, {"path", name}, {"flags", flags}});
      }
    }
  }
  for (json& kind : by_reason) {
    for (json& reason : kind) reason["hours"] = rounded(reason["hours"].get<double>());
  }
  report["refused_by_reason"] = by_reason;
  return report.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace pellucid::corpus
