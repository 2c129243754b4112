// The page of `pellucid eval --report`: one HTML file that needs nothing else.
#pragma once

#include <functional>
#include <string>

#include "cli/eval_output.hpp"
#include "cli/eval_pairs.hpp"
#include "cli/eval_sounds.hpp"

namespace pellucid::cli {

/// Tables, plots, and for the best, the median and the worst file spectrograms and players. `load` is asked for the
/// sound of those three.
std::string to_html(const EvalResult& result, const std::function<EvalSounds(const EvalPair&)>& load);

}  // namespace pellucid::cli
