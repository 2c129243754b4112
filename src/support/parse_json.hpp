// JSON of a file that may be a stranger's.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace pellucid {

/// Copying JSON and writing it out take a stack frame a level. A corpus has 4 levels; a model has one for every model
/// that came before it.
inline constexpr int kMostJsonLevels = 256;

/// The value, or one that is_discarded() where `text` is no JSON. What lies deeper than kMostJsonLevels is left out.
template <typename Json = nlohmann::json>
Json parse_json(std::string_view text) {
  const auto keep = [](int depth, typename Json::parse_event_t, Json&) { return depth < kMostJsonLevels; };
  return Json::parse(text, keep, /*allow_exceptions=*/false);
}

}  // namespace pellucid
