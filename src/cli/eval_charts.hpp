// Plots of an evaluation as SVG, drawn in the page's own colours.
#pragma once

#include <string>

#include "cli/eval_output.hpp"

namespace pellucid::cli {

/// Mean and interval against SNR, before and after. Empty when fewer than two SNRs are known.
std::string snr_chart(const EvalResult& result, std::size_t measure);
/// A dot a file: before across, after up; above the diagonal is better (for LSD below). Empty without an after.
std::string scatter_chart(const EvalResult& result, std::size_t measure);
/// How many files changed by how much; without an after, how many have which value.
std::string histogram_chart(const EvalResult& result, std::size_t measure);

}  // namespace pellucid::cli
