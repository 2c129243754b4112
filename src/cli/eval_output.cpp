#include "cli/eval_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace pellucid::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kInterval = "95 % intervals of the mean: percentile bootstrap over files, 10000 resamples";

std::string title(std::size_t measure) {
  const Measure& m = kMeasures[measure];
  return m.unit[0] == '\0' ? m.title : fmt::format("{} {}", m.title, m.unit);
}

/// Characters on the screen: fmt's own width counts them for padding, this one measures.
std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

/// Columns padded to their widest cell: the first to the left, the others to the right.
std::string align(const std::vector<std::vector<std::string>>& table) {
  std::vector<std::size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], shown_width(row[c]));
  }
  std::string text;
  for (const auto& row : table) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - shown_width(row[c]), ' ');
      line += c == 0 ? fmt::format("{}{}", row[c], pad) : fmt::format("  {}{}", pad, row[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line;
    text += '\n';
  }
  return text;
}

std::string signed_summary(const metrics::Summary& s, std::size_t m) {
  if (s.count == 0) return "-";
  const int digits = kMeasures[m].digits;
  std::string text = fmt::format("{:+.{}f}", s.mean, digits);
  if (s.count > 1) text += fmt::format(" [{:+.{}f}, {:+.{}f}]", s.low, digits, s.high, digits);
  return text;
}

std::string means_table(const EvalResult& result) {
  std::vector<std::vector<std::string>> table(1, {""});
  for (std::size_t m = 0; m < kMeasures.size(); ++m) table[0].push_back(title(m));
  const auto add = [&](const char* name, const Summaries& values, auto format) {
    table.push_back({name});
    for (std::size_t m = 0; m < kMeasures.size(); ++m) table.back().push_back(format(values[m], m));
  };
  add("noisy", result.all.before, format_summary);
  if (result.has_after()) {
    add("enhanced", result.all.after, format_summary);
    add("change", result.all.change, signed_summary);
  }
  return align(table);
}

std::string scores_cell(double before, double after, bool has_after, std::size_t m) {
  return has_after ? fmt::format("{} → {}", format_score(before, m), format_score(after, m)) : format_score(before, m);
}

std::string groups_table(const EvalResult& result, const std::vector<EvalGroup>& groups, const char* head) {
  std::vector<std::vector<std::string>> table = {{head, "files"}};
  for (std::size_t m = 0; m < kMeasures.size(); ++m) table[0].push_back(title(m));
  for (const EvalGroup& group : groups) {
    table.push_back({group.label, std::to_string(group.files)});
    for (std::size_t m = 0; m < kMeasures.size(); ++m) {
      table.back().push_back(scores_cell(group.before[m].mean, group.after[m].mean, result.has_after(), m));
    }
  }
  return align(table);
}

std::string files_table(const EvalResult& result) {
  std::vector<std::vector<std::string>> table = {{"file", "SNR", "noise"}};
  for (std::size_t m = 0; m < kMeasures.size(); ++m) table[0].push_back(title(m));
  for (const EvalRow& row : result.rows) {
    const EvalCondition& condition = row.pair.condition;
    table.push_back({row.pair.name, condition.snr_db ? fmt::format("{:g}", *condition.snr_db) : "-",
                     condition.noise.empty() ? "-" : condition.noise});
    for (std::size_t m = 0; m < kMeasures.size(); ++m) {
      table.back().push_back(scores_cell(row.before[m], row.after ? (*row.after)[m] : NAN, result.has_after(), m));
    }
  }
  return align(table);
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

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{:.6g}", value); }

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

std::string format_score(double value, std::size_t measure) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, kMeasures[measure].digits);
}

std::string format_summary(const metrics::Summary& summary, std::size_t measure) {
  std::string text = format_score(summary.mean, measure);
  if (summary.count > 1) {
    text += fmt::format(" [{}, {}]", format_score(summary.low, measure), format_score(summary.high, measure));
  }
  return text;
}

std::string to_text(const EvalResult& result, bool files) {
  std::string text;
  if (files) text += fmt::format("{}\n", files_table(result));
  const bool several = result.rows.size() > 1;
  text += several ? fmt::format("{} files, {:.1f} minutes", result.rows.size(), result.seconds() / 60)
                  : fmt::format("1 file, {:.1f} s", result.seconds());
  text += result.has_after() ? fmt::format("; enhanced: {}\n\n", result.after) : "\n\n";
  text += means_table(result);
  text += several ? fmt::format("{}; LSD: lower is better\n", kInterval) : "LSD: lower is better\n";
  if (!several) return text + speed_line(result);
  if (!result.snrs.empty()) text += fmt::format("\n{}", groups_table(result, result.snrs, "SNR dB"));
  if (!result.noises.empty()) text += fmt::format("\n{}", groups_table(result, result.noises, "noise"));
  return text + speed_line(result);
}

std::string to_json(const EvalResult& result) {
  Json json = {{"clean", result.clean}, {"noisy", result.noisy}};
  if (result.has_after()) json["enhanced"] = result.after;
  json["interval"] = kInterval;
  json["seconds"] = result.seconds();
  if (result.denoise_seconds() > 0) json["denoise_real_time_factor"] = result.denoise_seconds() / result.seconds();
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
