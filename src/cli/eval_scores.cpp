#include "cli/eval_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "metrics/metrics.hpp"
#include "metrics/octave_resample.hpp"
#include "support/error.hpp"
#include "support/spill.hpp"

namespace pellucid::cli {
namespace {

/// The key without unit or band: "si_sdr", "pesq".
std::string short_name(const Measure& measure) {
  const std::string key = measure.key;
  for (const char* ending : {"_db", "_wb"}) {
    if (key.ends_with(ending)) return key.substr(0, key.size() - 3);
  }
  return key;
}

constexpr int kCompositeHz = 16000;  // PESQ's; LLR and WSS say other things at other rates

/// A signal at kCompositeHz; lower rates stay what they are.
class Narrowed {
 public:
  Narrowed(std::span<const float> x, int rate_hz) : values_(x), rate_hz_(std::min(rate_hz, kCompositeHz)) {
    if (rate_hz <= kCompositeHz) return;
    constexpr std::size_t kBlock = 8192;
    metrics::OctaveResampler resampler(x, rate_hz, kCompositeHz);
    Spill<float> samples(temporary_folder());
    std::vector<double> block;
    std::vector<float> rounded;
    for (std::size_t at = 0; at < resampler.size(); at += block.size()) {
      block.resize(std::min(kBlock, resampler.size() - at));
      resampler.read(at, block);
      rounded.assign(block.begin(), block.end());
      samples.append(rounded);
    }
    held_ = std::move(samples).finish();
    values_ = held_.values();
  }
  std::span<const float> values() const { return values_; }
  int rate_hz() const { return rate_hz_; }

 private:
  Spilled<float> held_;
  std::span<const float> values_;
  int rate_hz_;
};

/// Why a measure is undefined; `no_pesq` is what PESQ said.
std::string why_undefined(const Measure& measure, const Scores& scores, const char* no_pesq) {
  const std::string_view key = measure.key;
  if (std::isnan(scores[kSiSdr])) return "the clean one is silent";
  if (key == "stoi" || key == "estoi") return "the clean one has less than 0.4 s of speech";
  if (no_pesq != nullptr && (key == "pesq_wb" || key == "csig" || key == "cbak" || key == "covl")) return no_pesq;
  return "it is too short, or its rate too low";
}

}  // namespace

std::vector<std::size_t> all_measures() {
  std::vector<std::size_t> all(kMeasures.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<std::size_t> usual_measures() { return {kPesq, kStoi, 2, kSiSdr, 6}; }

std::vector<std::size_t> choose_measures(const std::vector<std::string>& names, std::vector<std::size_t> otherwise) {
  if (names.empty()) return otherwise;
  std::vector<std::size_t> chosen;
  std::string known = "all";
  for (const Measure& measure : kMeasures) known += fmt::format(", {}", short_name(measure));
  for (const std::string& name : names) {
    if (name == "all") return all_measures();
    const auto found = std::find_if(kMeasures.begin(), kMeasures.end(), [&](const Measure& measure) {
      return name == measure.key || name == short_name(measure);
    });
    if (found == kMeasures.end()) {
      throw Error(ExitCode::kUsage, "--metrics: '{}' is no measure; give some of {}.", name, known);
    }
    const auto index = static_cast<std::size_t>(found - kMeasures.begin());
    if (std::find(chosen.begin(), chosen.end(), index) == chosen.end()) chosen.push_back(index);
  }
  return chosen;
}

Scores measure(std::span<const float> clean, std::span<const float> estimate, int rate_hz, Reasons* undefined) {
  const metrics::Intelligibility words = metrics::intelligibility(clean, estimate, rate_hz);
  const Narrowed from(clean, rate_hz), to(estimate, rate_hz);
  const char* no_pesq = nullptr;
  const double pesq = metrics::pesq_wide_band(from.values(), to.values(), from.rate_hz(), &no_pesq);
  const double segmental_snr_db = metrics::segmental_snr(from.values(), to.values(), from.rate_hz());
  const double llr = metrics::log_likelihood_ratio(from.values(), to.values(), from.rate_hz());
  const double wss = metrics::weighted_spectral_slope(from.values(), to.values(), from.rate_hz());
  const metrics::Composite mos = metrics::composite(pesq, llr, wss, segmental_snr_db);
  const Scores scores{metrics::si_sdr(clean, estimate),
                      words.stoi,
                      words.estoi,
                      pesq,
                      mos.csig,
                      mos.cbak,
                      mos.covl,
                      segmental_snr_db,
                      llr,
                      wss,
                      metrics::log_spectral_distance(clean, estimate, rate_hz)};
  for (std::size_t m = 0; undefined != nullptr && m < scores.size(); ++m) {
    if (!std::isnan(scores[m])) continue;
    std::string& titles = (*undefined)[why_undefined(kMeasures[m], scores, no_pesq)];
    titles += fmt::format("{}{}", titles.empty() ? "" : ", ", kMeasures[m].title);
  }
  return scores;
}

std::vector<std::string> undefined_notes(const EvalPair& pair, const Reasons& noisy, const Reasons& enhanced) {
  std::vector<std::string> notes;
  const auto add = [&](const std::string& file, const std::string& reason, const std::string& titles) {
    notes.push_back(fmt::format("{}: no {}, because {}", file, titles, reason));
  };
  for (const auto& [reason, titles] : noisy) add(pair.noisy.string(), reason, titles);
  for (const auto& [reason, titles] : enhanced) {
    if (noisy.count(reason) != 0) continue;
    add(pair.enhanced.empty() ? pair.noisy.string() + ", denoised" : pair.enhanced.string(), reason, titles);
  }
  return notes;
}

EvalGroup summarize_rows(std::string label, std::span<const EvalRow* const> rows) {
  EvalGroup group;
  group.label = std::move(label);
  group.files = rows.size();
  for (std::size_t m = 0; m < kMeasures.size(); ++m) {
    std::vector<double> before, after, change;
    for (const EvalRow* row : rows) {
      if (!row->after) {
        before.push_back(row->before[m]);
        continue;
      }
      // Both means are of the same files: one that was muted has no PESQ afterwards, and none before then.
      const double from = row->before[m], to = (*row->after)[m];
      if (std::isnan(from) || std::isnan(to)) continue;
      before.push_back(from);
      after.push_back(to);
      change.push_back(to - from);
    }
    group.before[m] = metrics::summarize(before);
    group.after[m] = metrics::summarize(after);
    group.change[m] = metrics::summarize(change);
  }
  return group;
}

EvalGroup summarize_all(std::span<const EvalRow> rows) {
  std::vector<const EvalRow*> all;
  for (const EvalRow& row : rows) all.push_back(&row);
  return summarize_rows("all", all);
}

std::vector<EvalGroup> by_snr(std::span<const EvalRow> rows) {
  constexpr std::size_t kMostValues = 12;
  constexpr double kRangeDb = 5;
  const auto rounded = [](double snr_db) { return std::round(snr_db * 10.0) / 10.0 + 0.0; };
  std::set<double> values;
  for (const EvalRow& row : rows) {
    if (row.pair.condition.snr_db) values.insert(rounded(*row.pair.condition.snr_db));
  }
  const bool ranges = values.size() > kMostValues;
  std::map<double, std::vector<const EvalRow*>> groups;
  for (const EvalRow& row : rows) {
    if (!row.pair.condition.snr_db) continue;
    const double snr_db = rounded(*row.pair.condition.snr_db);
    groups[ranges ? std::floor(snr_db / kRangeDb) * kRangeDb : snr_db].push_back(&row);
  }
  std::vector<EvalGroup> result;
  for (const auto& [snr_db, members] : groups) {
    result.push_back(
        summarize_rows(ranges ? fmt::format("{}…{}", snr_db, snr_db + kRangeDb) : fmt::format("{}", snr_db), members));
  }
  return result;
}

std::vector<EvalGroup> by_noise(std::span<const EvalRow> rows) {
  std::map<std::string, std::vector<const EvalRow*>> groups;
  for (const EvalRow& row : rows) {
    if (!row.pair.condition.noise.empty()) groups[row.pair.condition.noise].push_back(&row);
  }
  std::vector<EvalGroup> result;
  for (const auto& [noise, members] : groups) result.push_back(summarize_rows(noise, members));
  return result;
}

}  // namespace pellucid::cli
