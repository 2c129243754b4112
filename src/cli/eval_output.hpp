// What `pellucid eval` found, as tables for people, JSON and CSV.
#pragma once

#include <string>
#include <vector>

#include "cli/eval_scores.hpp"

namespace pellucid::cli {

struct EvalProblem {
  std::string name;      ///< the pair
  std::string sentence;  ///< why it could not be measured
};

struct EvalResult {
  std::string clean, noisy;  ///< the folders, as given
  std::string after;         ///< what made the second column: the folder or the model; empty without one
  std::vector<EvalRow> rows;
  std::vector<std::string> unmatched;
  std::vector<EvalProblem> problems;
  EvalGroup all;
  std::vector<EvalGroup> snrs, noises;
  std::vector<std::size_t> shown;  ///< measures that tables for people have as columns; JSON and CSV have them all

  bool has_after() const { return !after.empty(); }
  double seconds() const;
  double denoise_seconds() const;
};

/// Means, means per SNR and per noise; `files` adds a line for each file.
std::string to_text(const EvalResult& result, bool files);
std::string to_json(const EvalResult& result);
/// A line a file; columns KEY_noisy and KEY_enhanced.
std::string to_csv(const EvalResult& result);

}  // namespace pellucid::cli
