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
}};
constexpr std::string_view kHeading = "pellucid-plugin 1\n";

// Numbers by charconv: printf and strtod read the decimal point of whatever locale a host has set.
std::string number(double value, int digits) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits).ptr;
  return std::string(text, end);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || rest.find_first_not_of(" dB%") != std::string_view::npos) return std::nullopt;
  return value;
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
  if (parameter == kBypass) return value > 0 ? "on" : "off";
  if (parameter == kAttenuationLimit) return number(value, 1) + " dB";
  return number(value, 2);
}

std::optional<double> parameter_value(std::uint32_t parameter, const std::string& text) {
  for (std::uint32_t value = 0; value <= kInfo[parameter].steps; ++value) {
    if (kInfo[parameter].steps > 0 && text == parameter_text(parameter, value)) return value;
  }
  if (const auto value = number(text)) return tamed(parameter, *value);
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
          .bypass = get(kBypass) > 0};
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
      if (const auto value = number(line.substr(space + 1))) set(p, *value);
    }
  }
  return true;
}

}  // namespace pellucid::plugin
