// Pellucid as LADSPA plugins (https://www.ladspa.org): `pellucid_mono` and `pellucid_stereo` of pellucid.so.
#include <ladspa.h>

#include <array>
#include <exception>
#include <optional>

#include "effect.hpp"

namespace {

using pellucid::plugin::control;
using pellucid::plugin::Controls;
using pellucid::plugin::Effect;
using pellucid::plugin::model_control;

// Below 1000 is for experiments, 0x1000000 the end; the letters PEL are nobody else's.
constexpr unsigned long kFirstId = 0x50454C;

/// Ports: inputs, outputs, then these.
enum ControlPort : unsigned long {
  kStrength,
  kAttenuationLimit,
  kPostFilter,
  kBypass,
  kModel,
  kLatency,
  kAdaptive,  // last: numbers of ports stay what they were
  kControlPorts
};

struct Plugin {
  Plugin(double rate_hz, unsigned long channel_count)
      : effect(rate_hz, static_cast<std::uint32_t>(channel_count), pellucid::plugin::say_on_standard_error),
        channels(channel_count) {}

  Effect effect;
  unsigned long channels;
  std::optional<int> model;  ///< as the port said in the last run
  std::array<const float*, 2> input{};
  std::array<float*, 2> output{};
  std::array<float*, kControlPorts> controls{};
};

// What nobody but the plugin's own entry point reads, laid out as LADSPA wants it.
template <unsigned long kChannels>
struct Description {
  static constexpr unsigned long kPorts = 2 * kChannels + kControlPorts;

  Description() {
    for (unsigned long c = 0; c < kChannels; ++c) {
      kinds[c] = LADSPA_PORT_INPUT | LADSPA_PORT_AUDIO;
      kinds[kChannels + c] = LADSPA_PORT_OUTPUT | LADSPA_PORT_AUDIO;
      names[c] = kChannels == 1 ? "Input" : c == 0 ? "Input L" : "Input R";
      names[kChannels + c] = kChannels == 1 ? "Output" : c == 0 ? "Output L" : "Output R";
    }
    constexpr int kRange = LADSPA_HINT_BOUNDED_BELOW | LADSPA_HINT_BOUNDED_ABOVE;
    set(kStrength, "Strength", {kRange | LADSPA_HINT_DEFAULT_MAXIMUM, 0, 1});
    set(kAttenuationLimit, "Attenuation limit (dB)",
        {kRange | LADSPA_HINT_DEFAULT_MAXIMUM, 0, PELLUCID_NO_ATTENUATION_LIMIT_DB});
    set(kPostFilter, "Post-filter", {kRange | LADSPA_HINT_DEFAULT_MINIMUM, 0, 1});
    set(kBypass, "Bypass", {LADSPA_HINT_TOGGLED | LADSPA_HINT_DEFAULT_0, 0, 1});
    // A number into kModels: text is more than a LADSPA control can carry.
    set(kModel, "Model",
        {kRange | LADSPA_HINT_INTEGER | LADSPA_HINT_DEFAULT_MINIMUM, 0, pellucid::plugin::kModels.size() - 1});
    set(kLatency, "latency", {0, 0, 0});  // the name that hosts look for
    kinds[2 * kChannels + kLatency] = LADSPA_PORT_OUTPUT | LADSPA_PORT_CONTROL;
    set(kAdaptive, "Adaptive", {LADSPA_HINT_TOGGLED | LADSPA_HINT_DEFAULT_0, 0, 1});

    descriptor.UniqueID = kFirstId + kChannels - 1;
    descriptor.Label = kChannels == 1 ? "pellucid_mono" : "pellucid_stereo";
    descriptor.Name = kChannels == 1 ? "Pellucid noise removal (mono)" : "Pellucid noise removal (stereo)";
    descriptor.Properties = LADSPA_PROPERTY_HARD_RT_CAPABLE;
    descriptor.Maker = "The Pellucid authors";
    descriptor.Copyright = "MIT";
    descriptor.PortCount = kPorts;
    descriptor.PortDescriptors = kinds.data();
    descriptor.PortNames = names.data();
    descriptor.PortRangeHints = hints.data();
    descriptor.instantiate = instantiate;
    descriptor.connect_port = connect_port;
    descriptor.activate = activate;
    descriptor.run = run;
    descriptor.cleanup = cleanup;
  }

  std::array<LADSPA_PortDescriptor, kPorts> kinds{};
  std::array<const char*, kPorts> names{};
  std::array<LADSPA_PortRangeHint, kPorts> hints{};
  LADSPA_Descriptor descriptor{};

 private:
  void set(ControlPort port, const char* name, LADSPA_PortRangeHint hint) {
    kinds[2 * kChannels + port] = LADSPA_PORT_INPUT | LADSPA_PORT_CONTROL;
    names[2 * kChannels + port] = name;
    hints[2 * kChannels + port] = hint;
  }

  static LADSPA_Handle instantiate(const LADSPA_Descriptor*, unsigned long rate_hz) {
    try {
      return new Plugin(static_cast<double>(rate_hz), kChannels);
    } catch (const std::exception&) {
      return nullptr;
    }
  }

  static void connect_port(LADSPA_Handle handle, unsigned long port, LADSPA_Data* data) {
    Plugin& plugin = *static_cast<Plugin*>(handle);
    if (port < kChannels) {
      plugin.input[port] = data;
    } else if (port < 2 * kChannels) {
      plugin.output[port - kChannels] = data;
    } else if (port < kPorts) {
      plugin.controls[port - 2 * kChannels] = data;
    }
  }

  static void activate(LADSPA_Handle handle) {
    Plugin& plugin = *static_cast<Plugin*>(handle);
    // Ports are promised in run() only; the first time there is no other way to know.
    plugin.effect.prepare(plugin.model ? *plugin.model : model_control(plugin.controls[kModel]));
  }

  static void run(LADSPA_Handle handle, unsigned long frames) {
    Plugin& plugin = *static_cast<Plugin*>(handle);
    const Controls controls{
        .strength = control(plugin.controls[kStrength], 0, 1, 1),
        .attenuation_limit_db = control(plugin.controls[kAttenuationLimit], 0, PELLUCID_NO_ATTENUATION_LIMIT_DB,
                                        PELLUCID_NO_ATTENUATION_LIMIT_DB),
        .post_filter = control(plugin.controls[kPostFilter], 0, 1, 0),
        .bypass = control(plugin.controls[kBypass], 0, 1, 0) > 0,
        .adaptive = control(plugin.controls[kAdaptive], 0, 1, 0) > 0};
    plugin.model = model_control(plugin.controls[kModel]);
    plugin.effect.process(plugin.input.data(), plugin.output.data(), frames, controls);
    if (float* port = plugin.controls[kLatency]) *port = static_cast<float>(plugin.effect.latency_samples());
  }

  static void cleanup(LADSPA_Handle handle) { delete static_cast<Plugin*>(handle); }
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const LADSPA_Descriptor* ladspa_descriptor(unsigned long index) {
  static const Description<1> mono;
  static const Description<2> stereo;
  if (index == 0) return &mono.descriptor;
  return index == 1 ? &stereo.descriptor : nullptr;
}
