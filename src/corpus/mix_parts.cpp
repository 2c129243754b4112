#include "corpus/mix_parts.hpp"

#include <nlohmann/json.hpp>

#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"
#include "support/read_file.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRowsName = "rows.jsonl";
constexpr const char* kFolders[] = {"clean", "noisy"};

std::uint32_t checksum(const std::string& text) { return crc32(0, text.data(), text.size()); }

std::uint32_t clips_checksum(const Catalogue& catalogue) {
  std::uint32_t crc = 0;
  const auto add = [&crc](const std::string& text) { crc = crc32(crc, text.c_str(), text.size() + 1); };
  for (const auto* groups : {&catalogue.speakers(), &catalogue.noises()}) {
    for (const ClipGroup& group : *groups) {
      add(group.name);
      for (const std::uint32_t number : group.clips) {
        const Clip& clip = catalogue.source().clips()[number];
        add(clip.path);
        add(fmt::format("{} {} {} {}", number, clip.frames, clip.active_level_dbfs, clip.activity));
      }
    }
    add("");
  }
  return crc;
}

}  // namespace

std::string pairs_fingerprint(const Catalogue& catalogue, const DatasetOptions& o) {
  std::string kinds;
  for (const SyntheticNoise kind : o.kinds) kinds += fmt::format("{} ", name_of(kind));
  return fmt::format(
      "clips {:08x} at {} Hz, count {}, hours {}, length {}, snr {} or {} to {}, mode {}, level {} to {}, kinds {}, "
      "recorded {}, babble {}, clipping {}, bits {}, {}, seed {}",
      clips_checksum(catalogue), catalogue.source().rate_hz(), o.count, o.hours, o.length_s, fmt::join(o.snrs_db, " "),
      o.snr_min_db, o.snr_max_db, static_cast<int>(o.mode), o.level_min_dbfs, o.level_max_dbfs, kinds, o.recorded,
      o.babble, o.allow_clipping, o.bits, o.extension, o.seed);
}

std::string part_rows(const fs::path& folder, const std::string& fingerprint,
                      const std::map<std::uint64_t, PairRow>& rows, const std::map<std::uint64_t, std::string>& names) {
  std::string text = json{{"made_of", fingerprint}}.dump() + "\n";
  for (const auto& [pair, row] : rows) {
    json line = {{"pair", pair}, {"seconds", row.seconds}, {"scaled", row.scaled}, {"row", row.text}};
    line["row_crc32"] = checksum(row.text);
    for (const char* kind : kFolders) {
      const auto bytes = read_file_if_there(folder / kind / names.at(pair), ExitCode::kCorpus);
      if (!bytes) throw Error(ExitCode::kOutput, "{}: cannot be read back.", (folder / kind / names.at(pair)).string());
      line[kind] = checksum(*bytes);
    }
    // A name that is no UTF-8 cannot stand here: its row fails its checksum, and the pair is made anew.
    text += line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  }
  return text;
}

FinishedPairs::FinishedPairs(const fs::path& out, const std::string& fingerprint) {
  for (const fs::path& folder : part_folders(out)) {
    const auto text = read_file_if_there(folder / kRowsName, ExitCode::kCorpus);
    if (!text) continue;
    bool ours = false;
    for (std::size_t start = 0, end; (end = text->find('\n', start)) != std::string::npos; start = end + 1) {
      const json line = parse_json(std::string_view(*text).substr(start, end - start));
      try {
        if (start == 0) {
          if (line.at("made_of") != fingerprint) break;
          ours = true;
          continue;
        }
        Pair pair{folder,
                  {line.at("row"), line.at("seconds"), line.at("scaled")},
                  whole_number<std::uint32_t>(line.at("clean")),
                  whole_number<std::uint32_t>(line.at("noisy"))};
        if (ours && checksum(pair.row.text) == line.at("row_crc32"))
          pairs_.insert_or_assign(whole_number<std::uint64_t>(line.at("pair")), std::move(pair));
      } catch (const json::exception&) {
        break;  // damaged from here on: those pairs are made anew
      }
    }
  }
}

bool FinishedPairs::take(std::uint64_t number, const std::string& name, const fs::path& folder, PairRow& row) const {
  const auto found = pairs_.find(number);
  if (found == pairs_.end()) return false;
  const Pair& pair = found->second;
  for (const char* kind : kFolders) {
    const auto bytes = read_file_if_there(pair.folder / kind / name, ExitCode::kCorpus);
    if (!bytes || checksum(*bytes) != (kind == kFolders[0] ? pair.clean : pair.noisy)) return false;
  }
  for (const char* kind : kFolders) {
    const fs::path from = pair.folder / kind / name, to = folder / kind / name;
    std::error_code error;
    fs::remove(to, error);
    fs::create_hard_link(from, to, error);
    if (error) fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    if (error) throw Error(ExitCode::kOutput, "{}: cannot be written ({}).", to.string(), error.message());
  }
  row = pair.row;
  return true;
}

}  // namespace pellucid::corpus
