#include "cli/eval_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/eval_sounds.hpp"
#include "cli/eval_tables.hpp"
#include "cli/eval_work.hpp"
#include "metrics/statistics.hpp"
#include "support/csv.hpp"
#include "support/model_files.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTest =
    "two-sided paired randomisation test: signs of the differences flipped, exact up to 16 pairs, else 100000 draws";

struct System {
  std::vector<std::byte> model;
  EvalPairs matched;

  System(const CompareOptions& options, const std::string& name) {
    std::error_code error;
    const bool is_model = !fs::is_directory(name, error) && !audio_file(name);
    if (is_model) model = read_checked_model(name);
    matched = match_files(options.clean, options.noisy, is_model ? "" : name);
  }

 private:
  static bool audio_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error) && !has_model_extension(path);
  }
};

void summarize(Comparison& comparison) {
  for (std::size_t m = 0; m < kMeasures.size(); ++m) {
    std::vector<double> a, b, difference;
    for (const ComparedRow& row : comparison.rows) {
      if (std::isnan(row.a[m]) || std::isnan(row.b[m])) continue;  // means of the same pairs
      a.push_back(row.a[m]);
      b.push_back(row.b[m]);
      difference.push_back(row.b[m] - row.a[m]);
    }
    comparison.mean_a[m] = metrics::summarize(a);
    comparison.mean_b[m] = metrics::summarize(b);
    comparison.difference[m] = metrics::summarize(difference);
    comparison.p_value[m] = metrics::sign_flip_p(difference);
  }
}

std::string p_text(double p) {
  if (std::isnan(p)) return "-";
  return p < 1e-4 ? "<0.0001" : fmt::format("{:.4f}", p);
}

}  // namespace

Comparison compare_systems(const CompareOptions& options) {
  const System a(options, options.a), b(options, options.b);
  Comparison result{options.clean, options.noisy, options.a, options.b, {}, {}, {}, {}, {}, {}, {}};
  std::map<std::string, const EvalPair*> of_b;
  for (const EvalPair& pair : b.matched.pairs) of_b[pair.name] = &pair;
  std::vector<EvalPair> pairs_a, pairs_b;
  for (const EvalPair& pair : a.matched.pairs) {
    const auto found = of_b.find(pair.name);
    if (found == of_b.end()) continue;
    pairs_a.push_back(pair);
    pairs_b.push_back(*found->second);
  }
  result.unmatched = a.matched.unmatched;
  for (const std::string& sentence : b.matched.unmatched) {
    if (std::find(result.unmatched.begin(), result.unmatched.end(), sentence) == result.unmatched.end()) {
      result.unmatched.push_back(sentence);
    }
  }
  if (pairs_a.empty()) {
    throw Error(ExitCode::kInput, "--compare: '{}' and '{}' have no file of the same name; they are matched by name.",
                options.a, options.b);
  }
  add_conditions(pairs_a, options.noisy, options.log);

  std::vector<std::string> names;
  for (const EvalPair& pair : pairs_a) names.push_back(pair.name);
  std::vector<std::optional<ComparedRow>> rows(names.size());
  result.problems = for_each_pair(names, result.unmatched, options.jobs, [&](std::size_t i, Progress& progress) {
    std::vector<std::string> said;  // of the clean file, maybe, and so of both
    const auto scores = [&](const EvalPair& pair, const std::vector<std::byte>& model) {
      const EvalSounds sounds = load_sounds(pair, model);
      Reasons undefined;
      const Scores found = measure(sounds.clean.values(), sounds.enhanced.values(), sounds.rate_hz, &undefined);
      std::vector<std::string> notes = undefined_notes(pair, {}, undefined);
      notes.insert(notes.end(), sounds.notes.begin(), sounds.notes.end());
      for (const std::string& note : notes) {
        if (std::find(said.begin(), said.end(), note) == said.end()) progress.note(note);
        said.push_back(note);
      }
      return found;
    };
    const Scores score_a = scores(pairs_a[i], a.model), score_b = scores(pairs_b[i], b.model);
    rows[i] = ComparedRow{pairs_a[i], score_a, score_b};
  });
  for (std::optional<ComparedRow>& row : rows) {
    if (row) result.rows.push_back(std::move(*row));
  }
  summarize(result);
  return result;
}

std::string to_text(const Comparison& comparison, const std::vector<std::size_t>& shown) {
  std::string text = fmt::format("{} pairs; A: {}; B: {}\n\n", comparison.rows.size(), comparison.a, comparison.b);
  std::vector<std::vector<std::string>> table = {{"", "A", "B", "B - A", "p", "better"}};
  for (std::size_t m : shown) {
    const metrics::Summary& d = comparison.difference[m];
    const bool sure = comparison.p_value[m] < 0.05;
    const char* better = !sure ? "-" : (d.mean > 0) == kMeasures[m].higher_is_better ? "B" : "A";
    table.push_back({measure_title(m), format_score(comparison.mean_a[m].mean, m),
                     format_score(comparison.mean_b[m].mean, m), format_change(d, m), p_text(comparison.p_value[m]),
                     better});
  }
  return text + align_columns(table) +
         fmt::format("{}\np: {}; 'better' where p < 0.05, without correction for several measures\n", kIntervalText,
                     kTest);
}

std::string to_json(const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  Json json = {{"clean", comparison.clean}, {"noisy", comparison.noisy}, {"a", comparison.a}, {"b", comparison.b}};
  json["interval"] = kIntervalText;
  json["test"] = kTest;
  json["pairs"] = comparison.rows.size();
  json["measures"] = Json::object();
  for (std::size_t m = 0; m < kMeasures.size(); ++m) {
    const metrics::Summary& d = comparison.difference[m];
    json["measures"][kMeasures[m].key] = {{"a", comparison.mean_a[m].mean},
                                          {"b", comparison.mean_b[m].mean},
                                          {"difference", {{"mean", d.mean}, {"low", d.low}, {"high", d.high}}},
                                          {"p", comparison.p_value[m]},
                                          {"pairs", d.count}};
  }
  json["files"] = Json::array();
  for (const ComparedRow& row : comparison.rows) {
    Json file = {{"name", row.pair.name}};
    if (row.pair.condition.snr_db) file["snr_db"] = *row.pair.condition.snr_db;
    if (!row.pair.condition.noise.empty()) file["noise"] = row.pair.condition.noise;
    for (std::size_t m = 0; m < kMeasures.size(); ++m) {
      file["a"][kMeasures[m].key] = row.a[m];
      file["b"][kMeasures[m].key] = row.b[m];
    }
    json["files"].push_back(file);
  }
  json["unmatched"] = comparison.unmatched;
  json["failed"] = Json::array();
  for (const EvalProblem& problem : comparison.problems) {
    json["failed"].push_back({{"name", problem.name}, {"reason", problem.sentence}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_csv(const Comparison& comparison) {
  std::string text = "name,snr_db,noise";
  for (const char* side : {"a", "b"}) {
    for (const Measure& measure : kMeasures) text += fmt::format(",{}_{}", measure.key, side);
  }
  text += "\n";
  for (const ComparedRow& row : comparison.rows) {
    const EvalCondition& condition = row.pair.condition;
    text += fmt::format("{},{},{}", csv_field(row.pair.name), condition.snr_db ? csv_number(*condition.snr_db) : "",
                        csv_field(condition.noise));
    for (const Scores& scores : {row.a, row.b}) {
      for (double value : scores) text += fmt::format(",{}", csv_number(value));
    }
    text += "\n";
  }
  return text;
}

}  // namespace pellucid::cli
