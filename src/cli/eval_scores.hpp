// The measures of one pair, and their means over groups of pairs.
#pragma once

#include <array>
#include <cstddef>
#include <map>
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
inline constexpr std::array<Measure, 11> kMeasures = {{{"si_sdr_db", "SI-SDR", "dB", 2, true},
                                                       {"stoi", "STOI", "", 3, true},
                                                       {"estoi", "ESTOI", "", 3, true},
                                                       {"pesq_wb", "PESQ", "", 2, true},
                                                       {"csig", "CSIG", "", 2, true},
                                                       {"cbak", "CBAK", "", 2, true},
                                                       {"covl", "COVL", "", 2, true},
                                                       {"seg_snr_db", "segSNR", "dB", 2, true},
                                                       {"llr", "LLR", "", 2, false},
                                                       {"wss", "WSS", "", 1, false},
                                                       {"lsd_db", "LSD", "dB", 2, false}}};
inline constexpr std::size_t kSiSdr = 0, kStoi = 1, kPesq = 3;

/// The measures that a list of names asks for: keys with or without their unit, "pesq" for pesq_wb, "all" for each.
/// Empty names give `otherwise`. Throws Error(kUsage) for a name that is none.
std::vector<std::size_t> choose_measures(const std::vector<std::string>& names, std::vector<std::size_t> otherwise);
/// What fits a terminal: PESQ, STOI, ESTOI, SI-SDR, COVL.
std::vector<std::size_t> usual_measures();
std::vector<std::size_t> all_measures();

/// In the order of kMeasures; NaN where undefined.
using Scores = std::array<double, kMeasures.size()>;

/// Why measures are undefined, and which: "it is longer than 240 s" -> "PESQ, CSIG, CBAK, COVL".
using Reasons = std::map<std::string, std::string>;

/// PESQ and the parts of the composite measures, segmental SNR, LLR and WSS, are those at 16 kHz where the rate is
/// higher, so that they do not depend on the file's. Adds to `undefined` where there is one.
Scores measure(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
               Reasons* undefined = nullptr);

/// A sentence for each reason; what holds of both stands once.
std::vector<std::string> undefined_notes(const EvalPair& pair, const Reasons& noisy, const Reasons& enhanced);

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
