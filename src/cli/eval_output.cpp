#include "cli/eval_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/eval_tables.hpp"
#include "support/csv.hpp"

namespace pellucid::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string means_table(const EvalResult& result) {
  std::vector<std::vector<std::string>> table(1, {""});
  for (std::size_t m : result.shown) table[0].push_back(measure_title(m));
  const auto add = [&](const char* name, const Summaries& values, auto format) {
    table.push_back({name});
    for (std::size_t m : result.shown) table.back().push_back(format(values[m], m));
  };
  add("noisy", result.all.before, format_summary);
  if (result.has_after()) {
    add("enhanced", result.all.after, format_summary);
    add("change", result.all.change, format_change);
  }
  return align_columns(table);
}

std::string scores_cell(double before, double after, bool has_after, std::size_t m) {
  return has_after ? fmt::format("{} → {}", format_score(before, m), format_score(after, m)) : format_score(before, m);
}

std::string groups_table(const EvalResult& result, const std::vector<EvalGroup>& groups, const char* head) {
  std::vector<std::vector<std::string>> table = {{head, "files"}};
  for (std::size_t m : result.shown) table[0].push_back(measure_title(m));
  for (const EvalGroup& group : groups) {
    table.push_back({group.label, std::to_string(group.files)});
    for (std::size_t m : result.shown) {
      table.back().push_back(scores_cell(group.before[m].mean, group.after[m].mean, result.has_after(), m));
    }
  }
  return align_columns(table);
}

std::string files_table(const EvalResult& result) {
  std::vector<std::vector<std::string>> table = {{"file", "SNR", "noise"}};
  for (std::size_t m : result.shown) table[0].push_back(measure_title(m));
  for (const EvalRow& row : result.rows) {
    const EvalCondition& condition = row.pair.condition;
    table.push_back({row.pair.name, condition.snr_db ? fmt::format("{:g}", *condition.snr_db) : "-",
                     condition.noise.empty() ? "-" : condition.noise});
    for (std::size_t m : result.shown) {
      table.back().push_back(scores_cell(row.before[m], row.after ? (*row.after)[m] : NAN, result.has_after(), m));
    }
  }
  return align_columns(table);
}

std::string speed_line(const EvalResult& result) {
  if (result.denoise_seconds() <= 0) return {};
  return fmt::format("\nDenoised at {:.0f} x real time a thread\n", result.seconds() / result.denoise_seconds());
}

Json json_scores(const Scores& scores) {
  Json json;
  for (std::size_t m = 0; m < kMeasures.size(); ++m) json[kMeasures[m].key] = scores[m];
  return json;
}

Json json_summaries(const Summaries& summaries) {
  Json json;
  for (std::size_t m = 0; m < kMeasures.size(); ++m) {
    const metrics::Summary& s = summaries[m];
    json[kMeasures[m].key] = {{"mean", s.mean}, {"low", s.low}, {"high", s.high}, {"files", s.count}};
  }
  return json;
}

Json json_group(const EvalGroup& group, bool has_after) {
  Json json = {{"label", group.label}, {"files", group.files}, {"noisy", json_summaries(group.before)}};
  if (has_after) {
    json["enhanced"] = json_summaries(group.after);
    json["change"] = json_summaries(group.change);
  }
  return json;
}

}  // namespace

double EvalResult::seconds() const {
  double sum = 0;
  for (const EvalRow& row : rows) sum += row.seconds;
  return sum;
}

double EvalResult::denoise_seconds() const {
  double sum = 0;
  for (const EvalRow& row : rows) sum += row.denoise_seconds;
  return sum;
}

std::string to_text(const EvalResult& result, bool files) {
  std::string text;
  if (files) text += fmt::format("{}\n", files_table(result));
  const bool several = result.rows.size() > 1;
  text += several ? fmt::format("{} files, {:.1f} minutes", result.rows.size(), result.seconds() / 60)
                  : fmt::format("1 file, {:.1f} s", result.seconds());
  text += result.has_after() ? fmt::format("; enhanced: {}\n\n", result.after) : "\n\n";
  text += means_table(result);
  if (several) text += fmt::format("{}\n", kIntervalText);
  std::string lower;
  for (std::size_t m : result.shown) {
    if (kMeasures[m].higher_is_better) continue;
    lower += lower.empty() ? kMeasures[m].title : fmt::format(", {}", kMeasures[m].title);
  }
  if (!lower.empty()) text += fmt::format("{}: lower is better\n", lower);
  if (!several) return text + speed_line(result);
  if (!result.snrs.empty()) text += fmt::format("\n{}", groups_table(result, result.snrs, "SNR dB"));
  if (!result.noises.empty()) text += fmt::format("\n{}", groups_table(result, result.noises, "noise"));
  return text + speed_line(result);
}

std::string to_json(const EvalResult& result) {
  Json json = {{"clean", result.clean}, {"noisy", result.noisy}};
  if (result.has_after()) json["enhanced"] = result.after;
  json["interval"] = kIntervalText;
  json["seconds"] = result.seconds();
  if (result.denoise_seconds() > 0) json["denoise_real_time_factor"] = result.seconds() / result.denoise_seconds();
  json["mean"] = json_group(result.all, result.has_after());
  json["by_snr"] = Json::array();
  for (const EvalGroup& group : result.snrs) json["by_snr"].push_back(json_group(group, result.has_after()));
  json["by_noise"] = Json::array();
  for (const EvalGroup& group : result.noises) json["by_noise"].push_back(json_group(group, result.has_after()));
  json["files"] = Json::array();
  for (const EvalRow& row : result.rows) {
    Json file = {{"name", row.pair.name}, {"seconds", row.seconds}, {"rate_hz", row.rate_hz}};
    if (row.pair.condition.snr_db) file["snr_db"] = *row.pair.condition.snr_db;
    if (!row.pair.condition.noise.empty()) file["noise"] = row.pair.condition.noise;
    file["noisy"] = json_scores(row.before);
    if (row.after) file["enhanced"] = json_scores(*row.after);
    json["files"].push_back(file);
  }
  json["unmatched"] = result.unmatched;
  json["failed"] = Json::array();
  for (const EvalProblem& problem : result.problems) {
    json["failed"].push_back({{"name", problem.name}, {"reason", problem.sentence}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_csv(const EvalResult& result) {
  std::string text = "name,snr_db,noise,seconds";
  for (const char* side : {"noisy", "enhanced"}) {
    if (std::string_view(side) == "enhanced" && !result.has_after()) continue;
    for (const Measure& measure : kMeasures) text += fmt::format(",{}_{}", measure.key, side);
  }
  text += "\n";
  for (const EvalRow& row : result.rows) {
    const EvalCondition& condition = row.pair.condition;
    text += fmt::format("{},{},{},{:.4f}", csv_field(row.pair.name),
                        condition.snr_db ? csv_number(*condition.snr_db) : "", csv_field(condition.noise), row.seconds);
    for (double value : row.before) text += fmt::format(",{}", csv_number(value));
    if (row.after) {
      for (double value : *row.after) text += fmt::format(",{}", csv_number(value));
    }
    text += "\n";
  }
  return text;
}

}  // namespace pellucid::cli
