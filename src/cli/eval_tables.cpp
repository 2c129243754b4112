#include "cli/eval_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pellucid::cli {
namespace {

/// Characters on the screen: fmt's own width counts them for padding, this one measures.
std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

}  // namespace

std::string measure_title(std::size_t measure) {
  const Measure& m = kMeasures[measure];
  return m.unit[0] == '\0' ? m.title : fmt::format("{} {}", m.title, m.unit);
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

std::string format_change(const metrics::Summary& s, std::size_t m) {
  if (s.count == 0) return "-";
  const int digits = kMeasures[m].digits;
  std::string text = fmt::format("{:+.{}f}", s.mean, digits);
  if (s.count > 1) text += fmt::format(" [{:+.{}f}, {:+.{}f}]", s.low, digits, s.high, digits);
  return text;
}

std::string align_columns(const std::vector<std::vector<std::string>>& table) {
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

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{:.6g}", value); }

}  // namespace pellucid::cli
