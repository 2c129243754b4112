// The valid name nearest to a mistyped one, for "did you mean".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pellucid {

/// Damerau-Levenshtein distance (optimal string alignment), letters' case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `valid`, none where even that differs in more than half of its letters.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> valid);

/// "did you mean 'rate_hz'?" or, where nothing is near, "valid are a, b, c".
std::string did_you_mean(std::string_view word, std::span<const std::string> valid);

}  // namespace pellucid
