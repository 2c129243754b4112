#include "corpus/prepare.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "corpus/index.hpp"
#include "corpus/prepare_decode.hpp"
#include "corpus/prepare_ledger.hpp"
#include "corpus/prepare_pipeline.hpp"
#include "corpus/prepare_report.hpp"
#include "corpus/prepare_reuse.hpp"
#include "corpus/prepare_store.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/folder_lock.hpp"
#include "support/thread_pool.hpp"
#include "support/utf8.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Goes up when decode() or measure() change what they give, so that earlier work is not taken for today's.
constexpr int kDecodeVersion = 2;

constexpr const char* kBusy = "another `pellucid prepare` is writing this corpus; wait for it to end";

void check(const PrepareOptions& o) {
  const auto need = [](bool good, const char* option, const std::string& found, const char* expected) {
    if (!good) throw Error(ExitCode::kUsage, "--{}: found {}, expected {}", option, found, expected);
  };
  need(o.rate_hz >= 8000 && o.rate_hz <= 48000, "rate", fmt::format("{}", o.rate_hz), "8000 to 48000 Hz");
  need(o.shares.valid >= 0 && o.shares.valid < 1, "valid", fmt::format("{:g}", o.shares.valid),
       "a share from 0 to below 1");
  need(o.shares.test >= 0 && o.shares.test < 1, "test", fmt::format("{:g}", o.shares.test),
       "a share from 0 to below 1");
  need(o.shares.valid + o.shares.test < 1, "valid",
       fmt::format("--valid and --test of {:g} together", o.shares.valid + o.shares.test),
       "below 1, so that something is left to train on");
  need(o.piece_s >= 1 && 1.5 * o.piece_s * o.rate_hz * 2 <= static_cast<double>(o.shard_bytes), "piece-seconds",
       fmt::format("{:g}", o.piece_s), "at least 1, and so short that one and a half fit into a shard");
  need(o.shard_bytes <= 64'000'000, "shard-bytes", fmt::format("{}", o.shard_bytes), "at most 64000000");
  need(o.jobs >= 0 && o.jobs <= 1024, "jobs", fmt::format("{}", o.jobs), "0 to 1024");
  need(!o.out.empty(), "out", "nothing", "a folder");
}

json limits_json(const FitnessLimits& l) {
  return {{"speech_min_dynamic_db", l.speech_min_dynamic_db},
          {"speech_min_level_dbfs", l.speech_min_level_dbfs},
          {"speech_min_s", l.speech_min_s},
          {"speech_max_clipped", l.speech_max_clipped},
          {"speech_max_silence", l.speech_max_silence},
          {"speech_min_bandwidth_hz", l.speech_min_bandwidth_hz},
          {"noise_min_level_dbfs", l.noise_min_level_dbfs},
          {"noise_min_s", l.noise_min_s},
          {"noise_max_clipped", l.noise_max_clipped}};
}

/// What decides a file's measures and samples; where it is equal, finished work can be used again.
json decode_json(const PrepareOptions& o) {
  return {{"version", kDecodeVersion}, {"rate_hz", o.rate_hz}, {"piece_s", o.piece_s}};
}

/// What decides ledger and shards.
std::string ledger_options(const PrepareOptions& o) {
  return json{{"decode", decode_json(o)}, {"limits", limits_json(o.limits)}, {"shard_bytes", o.shard_bytes}}.dump();
}

/// What decides the whole corpus.
std::string made_with(const PrepareOptions& o) {
  json rules = json::array();
  for (const GroupRule& rule : o.groups.rules()) {
    rules.push_back({rule.kind ? to_string(*rule.kind) : "", rule.pattern, rule.group, rule.label});
    if (rule.split) rules.back().push_back(to_string(*rule.split));
  }
  const std::string text = rules.dump(-1, ' ', false, json::error_handler_t::replace);
  return json{{"decode", decode_json(o)},
              {"limits", limits_json(o.limits)},
              {"shard_bytes", o.shard_bytes},
              {"valid", o.shares.valid},
              {"test", o.shares.test},
              {"seed", o.shares.seed},
              {"groups_crc32", crc32(0, text.data(), text.size())}}
      .dump();
}

/// A corpus from a stranger could otherwise have this run write through a link to any file of its user.
void refuse_links(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_symlink(error)) continue;
    throw Error(ExitCode::kCorpus,
                "--out: found a symbolic link, {}, which a corpus never has; remove it, or name another folder",
                entry.path().string());
  }
}

/// Refuses a folder that holds something else; makes one where there is none.
void claim_folder(const fs::path& out) {
  std::error_code error;
  const fs::file_status status = fs::status(out, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw Error(ExitCode::kOutput, "--out {}: found a file, expected a folder; name another", out.string());
  }
  if (fs::exists(status) && !fs::is_empty(out, error)) {
    if (error)
      throw Error(ExitCode::kOutput, "--out {}: cannot be read ({}); check its permissions", out.string(),
                  error.message());
    // What only a lock was made in was stopped before anything else.
    const bool begun = std::distance(fs::directory_iterator(out), {}) == 1 && fs::exists(out / ".lock", error);
    if (!begun && !fs::exists(out / kIndexName, error) && !fs::exists(PartialStore::folder(out), error) &&
        part_folders(out).empty()) {
      throw Error(ExitCode::kCorpus,
                  "--out {}: found a folder that is not a corpus, expected an empty or new one; name another",
                  out.string());
    }
    refuse_links(out);
    refuse_links(PartialStore::folder(out));
    return;
  }
  fs::create_directories(out, error);
  if (error) {
    throw Error(ExitCode::kOutput, "--out {}: cannot make this folder ({}); check the path and its permissions",
                out.string(), error.message());
  }
}

/// A finished corpus, as far as a new run needs it.
struct Finished {
  Index index;
  Ledger ledger;
  std::string damage;  ///< what is wrong with its shards; what is still good is used again
};

/// Nothing when there is none, or when its index cannot be read: then everything is made again.
std::optional<Finished> read_finished(const fs::path& out, const std::function<void(const std::string&)>& note) {
  std::error_code error;
  if (!fs::exists(out / kIndexName, error)) return std::nullopt;
  Finished finished;
  try {
    const MappedFile file(out / kIndexName);
    finished.index = parse_index(file.text(), (out / kIndexName).string());
  } catch (const Error& damage) {
    note(fmt::format("{}; making it again", damage.what()));
    return std::nullopt;
  }
  finished.ledger = read_ledger(out / kLedgerName);
  try {
    Corpus::open(out);
  } catch (const Error& damage) {
    finished.damage = damage.what();
    note(fmt::format("{}; making again what is lost", damage.what()));
  }
  return finished;
}

/// What is different from the finished corpus, empty when nothing is.
std::string difference(const Finished& finished, const PrepareOptions& options, const std::vector<SourceFile>& files) {
  std::vector<std::string> parts;
  if (finished.index.made_with != made_with(options) || finished.ledger.options != ledger_options(options)) {
    parts.emplace_back("other options");
  }
  std::map<std::pair<Kind, std::string>, const SourceFile*> old;
  for (const FileRecord& record : finished.ledger.records)
    old[{record.source.kind, record.source.name}] = &record.source;
  std::size_t added = 0, changed = 0;
  for (const SourceFile& file : files) {
    const auto found = old.find({file.kind, file.name});
    if (found == old.end()) {
      ++added;
    } else {
      changed += found->second->same_as(file) ? 0 : 1;
      old.erase(found);
    }
  }
  if (added > 0) parts.push_back(fmt::format("{} new files", added));
  if (changed > 0) parts.push_back(fmt::format("{} changed files", changed));
  if (!old.empty()) parts.push_back(fmt::format("{} files gone", old.size()));
  if (parts.empty() &&
      !std::equal(files.begin(), files.end(), finished.ledger.records.begin(), finished.ledger.records.end(),
                  [](const SourceFile& a, const FileRecord& b) { return a.same_as(b.source); })) {
    parts.emplace_back("another order of folders");
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Mended by_decoding(const PrepareOptions& options) {
  return [&options](const SourceFile& file, const FileRecord& record) {
    return record.try_again && !decode(file.file, options.rate_hz, options.piece_s, options.out).try_again;
  };
}

/// Keeps the first of equal recordings: a second one in another group would stand on two sides of the split.
class Duplicates {
 public:
  void refuse_known(FileRecord& record) {
    for (std::size_t i = 0; i < record.pieces.size(); ++i) {
      PieceRecord& piece = record.pieces[i];
      if (!piece.refused.empty()) continue;
      const auto [found, is_new] =
          seen_.try_emplace({record.source.kind, piece.frames, piece.hash}, piece_name(record, i));
      if (is_new) continue;
      piece.refused = "duplicate";
      piece.detail = fmt::format("found the same samples in {}", found->second);
    }
  }
  void learn(const FileRecord& record) {
    for (std::size_t i = 0; i < record.pieces.size(); ++i) {
      const PieceRecord& piece = record.pieces[i];
      if (piece.refused.empty())
        seen_.try_emplace({record.source.kind, piece.frames, piece.hash}, piece_name(record, i));
    }
  }

 private:
  std::map<std::tuple<Kind, std::uint64_t, std::uint64_t>, std::string> seen_;
};

/// `folder` is for what is decoded of a long recording.
ProcessedFile process(const SourceFile& file, const PrepareOptions& options, const fs::path& folder) {
  ProcessedFile result;
  result.record.source = file;
  DecodedFile decoded = decode(file.file, options.rate_hz, options.piece_s, folder);
  result.record.damaged = valid_utf8(decoded.damaged);
  result.record.try_again = decoded.try_again;
  result.decoded = std::move(decoded.samples);
  std::span<const std::int16_t> rest = result.decoded.values();
  for (const DecodedPiece& piece : decoded.pieces) {
    PieceRecord record;
    const Verdict verdict = judge(file.kind, piece.measures, options.limits);
    record.measures = piece.measures;
    record.refused = verdict.reason;
    record.detail = verdict.detail;
    record.frames = piece.frames;
    record.hash = piece.hash;
    result.record.pieces.push_back(std::move(record));
    result.samples.push_back(rest.first(piece.frames));
    rest = rest.subspan(piece.frames);
  }
  return result;
}

/// `files` are those of the records.
Index make_index(const std::vector<SourceFile>& files, const std::vector<FileRecord>& records,
                 const PrepareOptions& options, std::vector<ShardInfo> shards) {
  Index index;
  index.rate_hz = options.rate_hz;
  index.made_with = made_with(options);
  index.shards = std::move(shards);
  std::vector<std::string> groups[3];
  std::map<std::string, Split> splits[3];
  for (std::size_t f = 0; f < records.size(); ++f) {
    const FileRecord& record = records[f];
    const GroupAndLabel group = options.groups.find(files[f]);
    for (std::size_t i = 0; i < record.pieces.size(); ++i) {
      const PieceRecord& piece = record.pieces[i];
      if (!piece.refused.empty()) continue;
      Clip clip;
      clip.kind = record.source.kind;
      clip.path = piece_name(record, i);
      clip.group = group.group;
      clip.label = group.label;
      clip.shard = piece.shard;
      clip.offset_samples = piece.offset_samples;
      clip.frames = piece.frames;
      clip.active_level_dbfs = clip.kind == Kind::kSpeech ? piece.measures.active_level_dbfs : piece.measures.rms_dbfs;
      clip.activity = piece.measures.activity;
      clip.noise_floor_dbfs = piece.measures.noise_floor_dbfs;
      clip.bandwidth_hz = piece.measures.bandwidth_hz;
      const auto k = static_cast<std::size_t>(clip.kind);
      if (!group.split) {
        groups[k].push_back(clip.group);
      } else if (const auto [at, first] = splits[k].emplace(clip.group, *group.split); at->second != *group.split) {
        throw Error(ExitCode::kUsage,
                    "--groups: the {} group '{}' is put into {} by one rule and into {} by another (for {}), expected "
                    "one side of the split; change one of them",
                    to_string(clip.kind), clip.group, to_string(at->second), to_string(*group.split), clip.path);
      }
      index.clips.push_back(std::move(clip));
    }
  }
  if (groups[0].empty() && splits[0].empty()) {
    std::map<std::string, int> reasons;
    for (const FileRecord& record : records) {
      if (record.source.kind != Kind::kSpeech) continue;
      if (!record.damaged.empty()) ++reasons["damaged"];
      for (const PieceRecord& piece : record.pieces) ++reasons[piece.refused];
    }
    std::vector<std::string> parts;
    for (const auto& [reason, count] : reasons) parts.push_back(fmt::format("{} {}", count, reason));
    throw Error(ExitCode::kCorpus,
                "--speech: found no recording that is fit ({}), expected some; add better ones or widen the limits",
                fmt::join(parts, ", "));
  }
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise, Kind::kRir}) {
    const auto k = static_cast<std::size_t>(kind);
    SplitShares shares = options.shares;
    const std::set<std::string> distinct(groups[k].begin(), groups[k].end());
    if (kind == Kind::kRir && distinct.size() < 3) shares.valid = shares.test = 0;  // few rooms: all of them train
    splits[k].merge(assign_splits(shares, kind, groups[k], splits[k]));
  }
  for (Clip& clip : index.clips) clip.split = splits[static_cast<std::size_t>(clip.kind)].at(clip.group);
  return index;
}

/// The files of a part: neighbours in the order of the scan, about as many bytes as every other part has.
std::vector<SourceFile> files_of(const Part& part, const std::vector<SourceFile>& files) {
  double total = 0, before = 0;
  for (const SourceFile& file : files) total += static_cast<double>(file.bytes);
  std::vector<SourceFile> chosen;
  for (const SourceFile& file : files) {
    const double middle = before + static_cast<double>(file.bytes) / 2;
    before += static_cast<double>(file.bytes);
    const int its = total > 0 ? std::min(static_cast<int>(middle / total * part.count), part.count - 1) : 0;
    if (its + 1 == part.index) chosen.push_back(file);
  }
  return chosen;
}

/// Tells how much of the sources is done.
class Done {
 public:
  Done(const std::vector<SourceFile>& files, std::size_t first, const PrepareHooks& hooks) : hooks_(hooks) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      total_ += files[i].bytes;
      if (i < first) done_ += files[i].bytes;
    }
    add(0);
  }
  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (hooks_.progress) hooks_.progress(done_, total_);
  }

 private:
  const PrepareHooks& hooks_;
  std::uint64_t total_ = 0, done_ = 0;
};

[[noreturn]] void interrupted(std::size_t done, std::size_t all) {
  throw Error(ExitCode::kInterrupted, "stopped after {} of {} files; run the same command again to go on from there",
              done, all);
}

/// Decodes and measures a share of the files, for a later run that is not divided.
PrepareResult prepare_part(const PrepareOptions& options, const std::vector<SourceFile>& files,
                           const PrepareHooks& hooks) {
  const fs::path folder = options.part.folder(options.out);
  std::error_code error;
  fs::create_directories(folder, error);
  refuse_links(folder);
  refuse_links(PartialStore::folder(folder));
  const FolderLock lock(folder, kBusy);
  PartialStore store(folder, ledger_options(options), files, options.shard_bytes, by_decoding(options));
  PrepareResult result;
  result.files = files.size();
  result.files_reused = store.records().size();
  Done done(files, result.files_reused, hooks);
  const bool complete = run_in_order(
      result.files_reused, files.size(), options.jobs > 0 ? options.jobs : default_jobs(),
      [&](std::size_t i) { return process(files[i], options, PartialStore::folder(folder)); },
      [&](std::size_t i, ProcessedFile processed) {
        if (!processed.record.damaged.empty() && hooks.note) hooks.note("skipped: " + processed.record.damaged);
        store.add(std::move(processed.record), processed.samples);
        done.add(files[i].bytes);
      },
      hooks.stop);
  if (!complete) interrupted(store.records().size(), files.size());
  for (const FileRecord& record : store.records()) {
    result.damaged += record.damaged.empty() ? 0 : 1;
    for (const PieceRecord& piece : record.pieces) result.refused += piece.refused.empty() ? 0 : 1;
  }
  result.shards = store.seal().size();
  return result;
}

/// What parts have made of the same sources with the same options.
std::vector<Reuse> reuse_parts(const PrepareOptions& options) {
  std::vector<Reuse> parts;
  for (const fs::path& folder : part_folders(options.out)) {
    Ledger ledger = read_ledger(PartialStore::folder(folder) / kLedgerName);
    const json made = json::parse(ledger.options, nullptr, false);
    if (made.is_object() && made.value("decode", json()) == decode_json(options))
      parts.emplace_back(PartialStore::folder(folder), std::move(ledger));
  }
  return parts;
}

void remove_parts(const fs::path& out) {
  std::error_code error;
  for (const fs::path& folder : part_folders(out)) fs::remove_all(folder, error);
}

void need_recordings(const PrepareOptions& options, const ScanResult& found) {
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise}) {
    const bool asked = kind == Kind::kSpeech || std::any_of(options.folders.begin(), options.folders.end(),
                                                            [&](const SourceFolder& f) { return f.kind == kind; });
    const bool any =
        std::any_of(found.files.begin(), found.files.end(), [&](const SourceFile& f) { return f.kind == kind; });
    if (asked && !any) {
      throw Error(ExitCode::kCorpus,
                  "--{}: found no sound file in the given folders, expected some (wav, flac, ogg, opus, mp3, aiff ..)",
                  to_string(kind));
    }
  }
}

}  // namespace

PrepareResult prepare(const PrepareOptions& options, const PrepareHooks& hooks) {
  check(options);
  ScanResult found = scan(options.folders);
  const std::size_t left_out =
      std::erase_if(found.files, [&](const SourceFile& file) { return options.groups.find(file).group == kLeaveOut; });
  need_recordings(options, found);
  const std::vector<SourceFile>& files = found.files;
  const auto note = [&](const std::string& text) {
    if (hooks.note) hooks.note(text);
  };
  claim_folder(options.out);
  if (options.part.divided()) return prepare_part(options, files_of(options.part, files), hooks);
  const FolderLock lock(options.out, kBusy);
  PartialStore::settle(options.out);

  PrepareResult result;
  std::vector<Reuse> reuse = reuse_parts(options);
  const Mended mended = by_decoding(options);
  if (std::optional<Finished> finished = read_finished(options.out, note)) {
    const std::string changes = difference(*finished, options, files);
    const bool again = changes.empty() && !std::equal(files.begin(), files.end(), finished->ledger.records.begin(),
                                                      [&](const auto& a, const auto& b) { return !mended(a, b); });
    if (changes.empty() && finished->damage.empty() && !again) {
      PartialStore::sweep(options.out, finished->index);  // what a run that was killed at its very end left
      remove_parts(options.out);
      count_totals(finished->ledger.records, finished->index, result);
      result.nothing_to_do = true;
      result.report_json = make_report(finished->ledger.records, finished->index, found.other, result);
      return result;
    }
    if (finished->damage.empty() && !again && !options.update) {
      throw Error(ExitCode::kCorpus,
                  "--out {}: found a corpus made from something else ({}); give --update to bring it up to date, or "
                  "another folder",
                  options.out.string(), changes);
    }
    if (again) note("Recordings that could not be read now can be; taking them in");
    if (!changes.empty()) note(fmt::format("Bringing {} up to date: {}", options.out.string(), changes));
    const json old = json::parse(finished->ledger.options, nullptr, false);
    if (old.is_object() && old.value("decode", json()) == decode_json(options)) {
      reuse.emplace_back(options.out, finished->index, std::move(finished->ledger));
    }
  }
  if (left_out > 0) note(fmt::format("{} files are left out, as --groups says", left_out));
  PartialStore store(options.out, ledger_options(options), files, options.shard_bytes, mended);
  const std::size_t first = store.records().size();
  if (first > 0) note(fmt::format("Going on after {} of {} files, which were finished before", first, files.size()));
  Duplicates duplicates;
  for (std::size_t i = 0; i < first; ++i) duplicates.learn(store.records()[i]);
  Done done(files, first, hooks);
  const bool complete = run_in_order(
      first, files.size(), options.jobs > 0 ? options.jobs : default_jobs(),
      [&](std::size_t i) {
        for (const Reuse& finished : reuse) {
          if (std::optional<ProcessedFile> known = finished.find(files[i], options.limits)) return std::move(*known);
        }
        return process(files[i], options, PartialStore::folder(options.out));
      },
      [&](std::size_t i, ProcessedFile processed) {
        duplicates.refuse_known(processed.record);
        if (!processed.record.damaged.empty()) note("skipped: " + processed.record.damaged);
        result.files_reused += processed.reused ? 1 : 0;
        store.add(std::move(processed.record), processed.samples);
        done.add(files[i].bytes);
      },
      hooks.stop);
  if (!complete) interrupted(store.records().size(), files.size());
  result.files_reused += first;
  const Index index = make_index(files, store.records(), options, store.seal());
  count_totals(store.records(), index, result);
  result.report_json = make_report(store.records(), index, found.other, result);
  store.finish(write_index(index), result.report_json);
  remove_parts(options.out);
  return result;
}

}  // namespace pellucid::corpus
