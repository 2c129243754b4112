// Checks of options' values, in place of CLI11's own, which let NaN through and say what they want in its words.
//
//   command->add_option("--strength", strength, "...")->check(number_in(0, 1));
//   command->add_option("--format", format, "...")->transform(one_of(kFormats));
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace pellucid::cli {

/// Numbers that `takes`: of a `kind`, in a `range`.
template <typename Takes>
CLI::Validator number_that(const std::string& kind, const std::string& range, Takes takes) {
  CLI::Validator validator(
      [kind, range, takes](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && takes(value);
        return good ? std::string() : fmt::format("found '{}', expected {} {}", text, kind, range);
      },
      range);
  return validator.non_modifying();
}

template <typename Low, typename High>
CLI::Validator number_in(Low low, High high) {
  const char* kind = std::is_floating_point_v<Low> ? "a number" : "a whole number";
  return number_that(kind, fmt::format("from {} to {}", low, high), [low, high](double value) {
    return value >= static_cast<double>(low) && value <= static_cast<double>(high);
  });
}

inline CLI::Validator number_from(double low) {
  return number_that("a number", fmt::format("of {} or more", low), [low](double value) { return value >= low; });
}

inline CLI::Validator number_above(double low, double high) {
  return number_that("a number", fmt::format("above {} and up to {}", low, high),
                     [low, high](double value) { return value > low && value <= high; });
}

inline CLI::Validator number_above(double low) {
  return number_that("a number", fmt::format("above {}", low), [low](double value) { return value > low; });
}

/// Whole numbers of 64 bits without a sign, of which CLI11 wraps -1 and cuts what is larger.
inline CLI::Validator whole_64() {
  CLI::Validator validator(
      [](std::string& text) {
        errno = 0;
        char* end = nullptr;
        const bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
        const bool good = digit && (std::strtoull(text.c_str(), &end, 0), errno == 0 && *end == '\0');
        return good ? std::string() : fmt::format("found '{}', expected a whole number from 0 to {}", text, UINT64_MAX);
      },
      "");
  return validator.non_modifying();
}

/// Anything but the nothing that a shell makes of a variable that is not set.
inline CLI::Validator not_empty() {
  CLI::Validator validator(
      [](std::string& text) {
        return text.empty() ? std::string("found '', expected a name; a variable of the shell may be unset")
                            : std::string();
      },
      "");
  return validator.non_modifying();
}

/// A file whose name says what is written into it.
inline CLI::Validator ends_in(const std::string& ending) {
  CLI::Validator validator(
      [ending](std::string& file) {
        return file.ends_with(ending) ? std::string() : fmt::format("found '{}', expected a name in {}", file, ending);
      },
      "");
  return validator.non_modifying();
}

/// A name of `values`, which becomes its value.
template <typename T>
CLI::Validator one_of(const std::map<std::string, T>& values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  return CLI::Validator(
      [values, names](std::string& text) {
        const auto found = values.find(text);
        if (found == values.end()) return fmt::format("found '{}', expected one of {}", text, fmt::join(names, ", "));
        text = std::to_string(static_cast<int>(found->second));
        return std::string();
      },
      fmt::format("{{{}}}", fmt::join(names, ",")));
}

inline constexpr const char* kAdaptiveHelp =
    "Leave alone what needs nothing: speech 40 dB above the noise, noise below -75 dBFS";

}  // namespace pellucid::cli
