// Writes a dataset of noisy speech: clean/ noisy/ log.csv, the folder form of VoiceBank-DEMAND and the DNS challenge.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "corpus/mix_clips.hpp"
#include "corpus/mix_exact.hpp"
#include "corpus/part.hpp"
#include "corpus/synthesis.hpp"

namespace pellucid::corpus {

/// Of one dataset: what a folder of files still serves, and what can be kept in memory of each.
inline constexpr std::uint64_t kMostPairs = 10'000'000;

struct DatasetOptions {
  std::filesystem::path out;
  std::uint64_t count = 0;  ///< pairs; 0: as `hours` says, or every recording of speech once
  double hours = 0;
  double length_s = 0;                     ///< of each pair; 0: one whole recording of speech each
  std::vector<double> snrs_db;             ///< taken in turn
  double snr_min_db = 0, snr_max_db = 20;  ///< uniform between, when the list is empty
  double level_min_dbfs = -33, level_max_dbfs = -18;
  SnrMode mode = SnrMode::kActive;
  std::vector<SyntheticNoise> kinds;  ///< synthetic noises; recorded ones, babble and each kind have equal chances
  bool recorded = true;               ///< noise of the catalogue
  bool babble = false;
  bool allow_clipping = false;
  int bits = 16;                  ///< 16 or 24
  std::string extension = "wav";  ///< or "flac"
  std::uint64_t seed = 0;
  int jobs = 0;
  bool force = false;
  Part part;  ///< when divided: write every part.count-th pair to part.folder(out), for a run that is not divided
};

struct DatasetHooks {
  std::function<void(std::uint64_t total)> planned;
  std::function<void()> written;  ///< a pair; from any thread
  std::function<bool()> stop;
};

struct DatasetResult {
  std::uint64_t pairs = 0, scaled = 0;
  std::uint64_t taken = 0;  ///< of the pairs, out of what parts had made
  double seconds = 0;
};

/// Pair i is a function of (catalogue, options, seed, i), so the bytes depend neither on `jobs` nor on parts.
/// Everything is written to a folder beside and takes its place when it is whole; an interrupted run leaves nothing.
/// Throws Error: kOutput
/// (`out` holds a dataset already and force is off, cannot be written), kCorpus (no speech, no noise), kUsage (an
/// option out of range, more than kMostPairs), kInterrupted.
DatasetResult write_dataset(const Catalogue& catalogue, const DatasetOptions& options, const DatasetHooks& hooks);

}  // namespace pellucid::corpus
