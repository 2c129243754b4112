// Measuring many pairs at once, and what to do with those that cannot be measured.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/eval_output.hpp"
#include "cli/eval_pairs.hpp"
#include "cli/eval_scores.hpp"
#include "support/error.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {

/// Calls `work` for each pair's index on `jobs` threads. What it throws as Error(kInput) or Error(kAudio) is noted and
/// returned by name; other errors end everything. Throws the first one when no pair could be measured.
std::vector<EvalProblem> for_each_pair(const std::vector<std::string>& names, const std::vector<std::string>& notes,
                                       int jobs, const std::function<void(std::size_t, Progress&)>& work);

/// Reads a pair's files and measures the noisy one, and the enhanced one or what `model` makes of the noisy one where
/// there is either. Throws as load_sounds does.
EvalRow measure_pair(const EvalPair& pair, const std::vector<std::byte>& model, Progress& progress);

/// SNR and noise of each pair from `log`, or else from the first file beside `noisy` that names one of them; what is
/// there and cannot be understood is said and left out. Throws Error(kInput) when `log` names none of them.
void add_conditions(std::vector<EvalPair>& pairs, const std::string& noisy, const std::string& log);

/// Throws Error(kPartial) where there were problems.
void refuse_partial(const std::vector<EvalProblem>& problems, std::size_t pairs);

}  // namespace pellucid::cli
