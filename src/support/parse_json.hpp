// JSON of a file that may be a stranger's.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

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

/// A whole number that fits into `Number`; throws Json::exception for anything else. The library's own get() casts:
/// 1.5 becomes 1, -1 a large number, and 1e40 is undefined.
template <std::integral Number, typename Json>
Number whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    if (const auto n = value.template get<std::uint64_t>(); std::in_range<Number>(n)) return static_cast<Number>(n);
  } else if (value.is_number_integer()) {
    if (const auto n = value.template get<std::int64_t>(); std::in_range<Number>(n)) return static_cast<Number>(n);
  }
  throw Json::other_error::create(501, "not a whole number, or one out of range", nullptr);
}

}  // namespace pellucid
