#include "cli/pipewire_config.hpp"

#include <fmt/format.h>

#include "support/progress.hpp"

namespace pellucid::cli {
namespace {

constexpr std::string_view kMark = "# Written by `pellucid pipewire install`";

}  // namespace

std::string pipewire_config(const PipewireMicrophone& microphone) {
  // PipeWire's own notation: JSON whose separators may be left out. Strings are quoted as JSON quotes them.
  constexpr const char* kText = R"~({0}; `pellucid pipewire remove` takes it away.
context.modules = [
  {{ name = libpipewire-module-filter-chain
    flags = [ nofail ]
    args = {{
      node.description = "Pellucid microphone"
      media.name = "Pellucid microphone"
      audio.position = [ {1} ]
      filter.graph = {{
        nodes = [
          {{ type = ladspa
            name = pellucid
            plugin = {2}
            label = {3}
            control = {{
              "Strength" = {4}
              "Attenuation limit (dB)" = {5}
              "Post-filter" = {6}
              "Model" = {7}
              "Adaptive" = {8}
            }}
          }}
        ]
      }}
      capture.props = {{
        node.name = "capture.{9}"
        node.passive = true{10}
      }}
      playback.props = {{
        node.name = "{9}"
        media.class = Audio/Source
      }}
    }}
  }}
]
)~";
  const std::string target =
      microphone.source.empty() ? "" : fmt::format("\n        target.object = {}", json_string(microphone.source));
  return fmt::format(kText, kMark, microphone.stereo ? "FL FR" : "MONO", json_string(microphone.plugin.string()),
                     microphone.stereo ? "pellucid_stereo" : "pellucid_mono", microphone.strength,
                     microphone.attenuation_limit_db, microphone.post_filter, microphone.model,
                     microphone.adaptive ? 1 : 0, kPipewireNode, target);
}

bool is_pipewire_config(std::string_view text) { return text.substr(0, kMark.size()) == kMark; }

}  // namespace pellucid::cli
