#include "parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace pellucid::plugin {
namespace {

constexpr std::array<ParameterInfo, kParameters> kInfo = {{
    {"strength", "Strength", "", 1, 1, 0},
    {"attenuation_limit", "Attenuation limit", "dB", PELLUCID_NO_ATTENUATION_LIMIT_DB, PELLUCID_NO_ATTENUATION_LIMIT_DB,
     0},
    {"post_filter", "Post-filter", "", 1, 0, 0},
    {"bypass", "Bypass", "", 1, 0, 1},
    {"model", "Model", "", kModels.size() - 1, 0, kModels.size() - 1},
    {"adaptive", "Adaptive", "", 1, 0, 1},  // last: sessions know parameters by their number
}};
constexpr std::string_view kHeading = "pellucid-plugin 1\n";

// Numbers by charconv: printf and strtod read the decimal point of whatever locale a host has set.
std::string number(double value, int digits) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits).ptr;
  return std::string(text, end);
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t")));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Without its unit, which `rest` is.
std::optional<double> number(std::string_view text, std::string_view* rest) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  *rest = trimmed({end, static_cast<std::size_t>(text.data() + text.size() - end)});
  if (error != std::errc()) return std::nullopt;
  return value;
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return small(x) == small(y); });
}

double tamed(std::uint32_t parameter, double value) noexcept {
  const ParameterInfo& info = kInfo[parameter];
  const auto narrow = static_cast<float>(value);
  const double held = control(&narrow, 0, static_cast<float>(info.high), static_cast<float>(info.otherwise));
  return info.steps == 0 ? held : std::round(held);
}

}  // namespace

const ParameterInfo& parameter_info(std::uint32_t parameter) noexcept { return kInfo[parameter]; }

std::string parameter_text(std::uint32_t parameter, double value) {
  value = tamed(parameter, value);
  if (parameter == kModel) return kModels[static_cast<std::size_t>(value)];
  if (parameter == kBypass || parameter == kAdaptive) return value > 0 ? "on" : "off";
  if (parameter == kAttenuationLimit) return number(value, 1) + " dB";
  return number(value, 2);
}

std::optional<double> parameter_value(std::uint32_t parameter, const std::string& text) {
  const ParameterInfo& info = kInfo[parameter];
  for (std::uint32_t value = 0; info.steps > 0 && value <= info.steps; ++value) {
    if (same_letters(trimmed(text), parameter_text(parameter, value))) return value;
  }
  std::string_view unit;
  const auto value = number(text, &unit);
  if (!value) return std::nullopt;
  if (unit.empty() || (info.unit[0] != '\0' && same_letters(unit, info.unit))) return tamed(parameter, *value);
  if (unit == "%" && info.unit[0] == '\0' && info.steps == 0) return tamed(parameter, *value / 100);
  return std::nullopt;
}

Parameters::Parameters() noexcept {
  for (std::uint32_t p = 0; p < kParameters; ++p) set(p, kInfo[p].otherwise);
}

void Parameters::set(std::uint32_t parameter, double value) noexcept {
  if (parameter >= kParameters) return;
  values_[parameter].store(static_cast<float>(tamed(parameter, value)), std::memory_order_relaxed);
}

Controls Parameters::controls() const noexcept {
  return {.strength = static_cast<float>(get(kStrength)),
          .attenuation_limit_db = static_cast<float>(get(kAttenuationLimit)),
          .post_filter = static_cast<float>(get(kPostFilter)),
          .bypass = get(kBypass) > 0,
          .adaptive = get(kAdaptive) > 0};
}

std::string Parameters::save() const {
  std::string state(kHeading);
  for (std::uint32_t p = 0; p < kParameters; ++p) {
    state += std::string(kInfo[p].symbol) + " " + number(get(p), 9) + "\n";
  }
  return state;
}

bool Parameters::load(std::string_view state) {
  if (!state.starts_with(kHeading)) return false;
  state.remove_prefix(kHeading.size());
  while (!state.empty()) {
    const std::string_view line = state.substr(0, state.find('\n'));
    state.remove_prefix(std::min(state.size(), line.size() + 1));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    for (std::uint32_t p = 0; p < kParameters; ++p) {
      if (line.substr(0, space) != kInfo[p].symbol) continue;
      std::string_view rest;
      if (const auto value = number(line.substr(space + 1), &rest); value && rest.empty()) set(p, *value);
    }
  }
  return true;
}

}  // namespace pellucid::plugin
