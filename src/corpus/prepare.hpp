// Turns folders of recordings into a corpus: decode, resample, measure, refuse what is unfit, split, write shards.
//
//   PrepareOptions options;
//   options.folders = {{Kind::kSpeech, "speech"}, {Kind::kNoise, "noise"}};
//   options.out = "corpus";
//   const PrepareResult result = prepare(options, {});
//
// A corpus folder holds
//   index.jsonl                     the clips (corpus/index.hpp); there only when the corpus is complete
//   shard-00000-1a2b3c4d.pcm ..     16-bit little-endian mono samples, one clip after another
//   files.jsonl                     the ledger: what became of every source file (prepare_ledger.hpp)
//   report.json                     the same for people and programs: totals, refused and damaged files with the reason
//   .partial/                       an unfinished run: goes on from there
//   .part-2-of-4/                   what a run with PrepareOptions::part made; a run without one takes it over
// The bytes of index and shards depend on the sources and options only, not on jobs, interruptions or the time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "corpus/measure.hpp"
#include "corpus/part.hpp"
#include "corpus/scan.hpp"
#include "corpus/split.hpp"
#include "corpus/split_rules.hpp"

namespace pellucid::corpus {

/// What a clip needs to be fit. Speech: all of them; noise: duration, level and clipping; room responses: none.
struct FitnessLimits {
  double speech_min_dynamic_db =
      35;  ///< 95th minus 5th percentile of 20 ms levels: how far speech stands above its noise
  double speech_min_level_dbfs = -50;  ///< active level
  double speech_min_s = 0.6;
  double speech_max_clipped = 0.001;  ///< share of samples
  double speech_max_silence = 0.9;    ///< share of 20 ms frames below -70 dBFS
  double speech_min_bandwidth_hz = 0;
  double noise_min_level_dbfs = -65;  ///< RMS
  double noise_min_s = 0.25;
  double noise_max_clipped = 0.02;
};

/// Why a clip is unfit, as a short key ("dynamic") and a sentence; both empty when it is fit.
struct Verdict {
  std::string reason, detail;
};
Verdict judge(Kind kind, const Measures& measures, const FitnessLimits& limits);
/// What is worth knowing about a clip that is fit all the same: "narrow-band", "some-clipping", "mostly-silent".
std::vector<std::string> flags_of(Kind kind, const Measures& measures, int rate_hz);

struct PrepareOptions {
  std::vector<SourceFolder> folders;
  std::filesystem::path out;
  int rate_hz = 16000;
  GroupRules groups;
  SplitShares shares;
  FitnessLimits limits;
  int jobs = 0;                            ///< 0: as many as there are cores
  bool update = false;                     ///< bring a finished corpus up to date with changed sources or options
  std::uint64_t shard_bytes = 60'000'000;  ///< most bytes of a shard, at most 64e6
  double piece_s = 300;                    ///< longer recordings are cut into clips of this length
  Part part;                               ///< when divided: decode and measure this share of the files only
};

struct PrepareHooks {
  std::function<bool()> stop;                                  ///< asked between files; true ends with kInterrupted
  std::function<void(std::uint64_t, std::uint64_t)> progress;  ///< bytes of sources done, of all; from one thread
  std::function<void(const std::string&)> note;                ///< a sentence worth telling, for example a damaged file
};

/// Totals of one kind and split.
struct PrepareTotals {
  std::uint64_t clips = 0, groups = 0;
  double hours = 0;
};

struct PrepareResult {
  bool nothing_to_do = false;
  std::uint64_t files = 0, files_reused = 0, damaged = 0, refused = 0, shards = 0;
  PrepareTotals totals[3][3];  ///< [kind][split]
  std::string report_json;     ///< the text of report.json
};

/// Throws Error: kUsage (an option out of range), kInput (a source folder), kCorpus (no speech, one speaker only, `out`
/// is another corpus or no corpus), kOutput (cannot be written, disk full), kInterrupted. What was finished is kept and
/// the next call goes on from there.
PrepareResult prepare(const PrepareOptions& options, const PrepareHooks& hooks);

}  // namespace pellucid::corpus
