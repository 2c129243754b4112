// One line of a corpus's index or ledger as JSON, read from a file that may be a stranger's.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace pellucid::corpus {

/// What prepare writes has 4 levels. Writing JSON out again takes a stack frame a level, so no more than these are
/// kept.
inline constexpr int kMostJsonLevels = 16;

/// The value, or one that is_discarded() where the line is no JSON. What lies deeper than kMostJsonLevels is left out.
inline nlohmann::json parse_json_line(std::string_view line) {
  const auto keep = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth < kMostJsonLevels; };
  return nlohmann::json::parse(line, keep, /*allow_exceptions=*/false);
}

}  // namespace pellucid::corpus
