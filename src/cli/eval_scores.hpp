// The measures of one pair, and their means over groups of pairs.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/eval_pairs.hpp"
#include "metrics/statistics.hpp"

namespace pellucid::cli {

struct Measure {
  const char* key;    ///< in JSON and CSV
  const char* title;  ///< for people
  const char* unit;   ///< "dB" or empty
  int digits;
  bool higher_is_better;
};
inline constexpr std::array<Measure, 5> kMeasures = {{{"si_sdr_db", "SI-SDR", "dB", 2, true},
                                                      {"stoi", "STOI", "", 3, true},
                                                      {"estoi", "ESTOI", "", 3, true},
                                                      {"seg_snr_db", "segSNR", "dB", 2, true},
                                                      {"lsd_db", "LSD", "dB", 2, false}}};
inline constexpr std::size_t kSiSdr = 0, kStoi = 1;

/// In the order of kMeasures; NaN where undefined.
using Scores = std::array<double, kMeasures.size()>;

Scores measure(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

struct EvalRow {
  EvalPair pair;
  int rate_hz = 0;
  double seconds = 0;
  Scores before{};
  std::optional<Scores> after;
  double denoise_seconds = 0;  ///< processor time of the model, 0 for files
};

using Summaries = std::array<metrics::Summary, kMeasures.size()>;

/// Means over some rows. `change` is after less before, file by file.
struct EvalGroup {
  std::string label;
  std::size_t files = 0;
  Summaries before, after, change;
};

EvalGroup summarize_rows(std::string label, std::span<const EvalRow* const> rows);
EvalGroup summarize_all(std::span<const EvalRow> rows);
/// One group an SNR, rising; ranges of 5 dB where there are more than 12 different ones. Empty when none is known.
std::vector<EvalGroup> by_snr(std::span<const EvalRow> rows);
/// One group a kind of noise, by name. Empty when none is known.
std::vector<EvalGroup> by_noise(std::span<const EvalRow> rows);

}  // namespace pellucid::cli
