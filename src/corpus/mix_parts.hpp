// Pairs that parts of a divided `pellucid mix` have made, for the run that puts them together.
//
// OUT/.part-2-of-4 holds clean/ and noisy/ with the files of its pairs, and rows.jsonl: a first line that says of what
// and how they were made, then one a pair with its row of log.csv and the checksums of its files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "corpus/mix_clips.hpp"
#include "corpus/mix_dataset.hpp"

namespace pellucid::corpus {

/// A pair's line of log.csv and what is summed up over all of them.
struct PairRow {
  std::string text;  ///< with its end of line
  double seconds = 0;
  bool scaled = false;
};

/// Everything that decides a pair's bytes. Equal texts, equal pairs.
std::string pairs_fingerprint(const Catalogue& catalogue, const DatasetOptions& options);

/// The text of rows.jsonl for pairs that are in `folder`; `names` are those of their files.
std::string part_rows(const std::filesystem::path& folder, const std::string& fingerprint,
                      const std::map<std::uint64_t, PairRow>& rows, const std::map<std::uint64_t, std::string>& names);

class FinishedPairs {
 public:
  /// Reads the parts below `out`; those made of something else are left out.
  FinishedPairs(const std::filesystem::path& out, const std::string& fingerprint);

  /// Puts the pair's files into folder/clean and folder/noisy. False when no part has them as they were written. Safe
  /// to call from several threads.
  bool take(std::uint64_t pair, const std::string& name, const std::filesystem::path& folder, PairRow& row) const;

 private:
  struct Pair {
    std::filesystem::path folder;
    PairRow row;
    std::uint32_t clean = 0, noisy = 0;
  };
  std::map<std::uint64_t, Pair> pairs_;
};

}  // namespace pellucid::corpus
