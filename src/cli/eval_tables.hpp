// Pieces that the tables of `pellucid eval` are made of.
#pragma once

#include <string>
#include <vector>

#include "cli/eval_scores.hpp"

namespace pellucid::cli {

inline constexpr const char* kIntervalText =
    "95 % intervals of the mean: percentile bootstrap over files, 10000 resamples";

/// "SI-SDR dB".
std::string measure_title(std::size_t measure);
/// "0.812", "-" where undefined.
std::string format_score(double value, std::size_t measure);
/// "0.812 [0.790, 0.833]".
std::string format_summary(const metrics::Summary& summary, std::size_t measure);
/// "+0.012 [-0.003, +0.027]".
std::string format_change(const metrics::Summary& summary, std::size_t measure);
/// Columns padded to their widest cell: the first to the left, the others to the right.
std::string align_columns(const std::vector<std::vector<std::string>>& table);
/// Empty where undefined.
std::string csv_number(double value);

}  // namespace pellucid::cli
