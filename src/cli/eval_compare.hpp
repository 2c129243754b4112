// `pellucid eval --compare A B`: two systems on the same pairs, difference by difference.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/eval_output.hpp"
#include "cli/eval_scores.hpp"

namespace pellucid::cli {

struct ComparedRow {
  EvalPair pair;
  Scores a{}, b{};
};

struct Comparison {
  std::string clean, noisy, a, b;  ///< as given
  std::vector<ComparedRow> rows;
  std::vector<std::string> unmatched;
  std::vector<EvalProblem> problems;
  Summaries mean_a, mean_b, difference;            ///< `difference` is of b less a, pair by pair
  std::array<double, kMeasures.size()> p_value{};  ///< paired randomisation test; NaN without a difference
};

struct CompareOptions {
  std::string clean, noisy, a, b, log;
  int jobs = 0;
};

/// `a` and `b` are folders (or files) of processed sound, or models. Throws as match_files() and read_checked_model().
Comparison compare_systems(const CompareOptions& options);

std::string to_text(const Comparison& comparison, const std::vector<std::size_t>& shown);
std::string to_json(const Comparison& comparison);
/// A line a pair; columns KEY_a and KEY_b.
std::string to_csv(const Comparison& comparison);

}  // namespace pellucid::cli
