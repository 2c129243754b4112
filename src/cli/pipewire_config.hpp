// The PipeWire configuration that offers a "Pellucid microphone": its text, and how to know it again.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pellucid::cli {

struct PipewireMicrophone {
  std::filesystem::path plugin;      ///< pellucid.so, LADSPA
  std::string source = "";           ///< the node to clean, by name; empty: PipeWire's default microphone
  bool stereo = false;               ///< linked channels instead of one
  float strength = 1;                ///< 0..1
  float attenuation_limit_db = 100;  ///< 100 or more: none
  float post_filter = 0;             ///< 0..1
  bool adaptive = false;             ///< leave alone what needs nothing
  int model = 0;                     ///< as the plugin counts: 0 default, 1 nano, 2 small, 3 base, 4 large
};

/// The node that programs choose.
constexpr const char* kPipewireNode = "pellucid_microphone";

/// A file for pipewire.conf.d (PipeWire 0.3.45 and later): one module-filter-chain around the plugin.
std::string pipewire_config(const PipewireMicrophone& microphone);

/// Whether pipewire_config wrote `text`.
bool is_pipewire_config(std::string_view text);

}  // namespace pellucid::cli
