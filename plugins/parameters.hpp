// The controls as VST3 and CLAP see them: numbered values that several threads write and read, each with a range and a
// text, and saved with a host's session. (LADSPA and LV2 connect ports of the host's instead.)
//
//   Parameters parameters;
//   parameters.set(kStrength, 0.8);                       // any thread; tamed
//   effect.process(in, out, frames, parameters.controls());
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "effect.hpp"

namespace pellucid::plugin {

/// Their numbers stand in hosts' sessions: never change one.
enum Parameter : std::uint32_t { kStrength, kAttenuationLimit, kPostFilter, kBypass, kModel, kAdaptive, kParameters };

struct ParameterInfo {
  const char* symbol;  ///< in saved states; as LV2 names it
  const char* name;
  const char* unit;
  double high;  ///< all begin at 0
  double otherwise;
  std::uint32_t steps;  ///< 0: continuous
};

const ParameterInfo& parameter_info(std::uint32_t parameter) noexcept;

/// What a person reads for a value: "0.80", "12.0 dB", "on", "small".
std::string parameter_text(std::uint32_t parameter, double value);
/// The other way round; nothing where the text means no value.
std::optional<double> parameter_value(std::uint32_t parameter, const std::string& text);

/// No state is as long: a host that hands over something else is not read to its end.
constexpr std::size_t kMaxStateBytes = 65536;

class Parameters {
 public:
  Parameters() noexcept;

  /// Holds the value in its range; one that is no number becomes the default. Unknown numbers are left alone.
  void set(std::uint32_t parameter, double value) noexcept;
  double get(std::uint32_t parameter) const noexcept { return values_[parameter].load(std::memory_order_relaxed); }
  Controls controls() const noexcept;
  int model() const noexcept { return static_cast<int>(get(kModel)); }

  /// Lines of text, the same in every locale.
  std::string save() const;
  /// Takes what save() wrote, here or in another version: what it does not know is left out, what lacks stays. False,
  /// and nothing has changed, where it is something else.
  bool load(std::string_view state);

 private:
  std::array<std::atomic<float>, kParameters> values_;
  static_assert(std::atomic<float>::is_always_lock_free);
};

}  // namespace pellucid::plugin
