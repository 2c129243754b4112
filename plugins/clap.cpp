// Pellucid as CLAP plugins (https://cleveraudio.org): `org.pellucid.mono` and `org.pellucid.stereo` of pellucid.clap.
// Another model is loaded when the host activates the plugin, which it is asked to do anew.
#include <clap/entry.h>
#include <clap/ext/audio-ports.h>
#include <clap/ext/latency.h>
#include <clap/ext/params.h>
#include <clap/ext/state.h>
#include <clap/plugin-factory.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>

#include "effect.hpp"
#include "parameters.hpp"

namespace {

using namespace pellucid::plugin;

constexpr const char* kFeatures[2][4] = {
    {CLAP_PLUGIN_FEATURE_AUDIO_EFFECT, CLAP_PLUGIN_FEATURE_RESTORATION, CLAP_PLUGIN_FEATURE_MONO, nullptr},
    {CLAP_PLUGIN_FEATURE_AUDIO_EFFECT, CLAP_PLUGIN_FEATURE_RESTORATION, CLAP_PLUGIN_FEATURE_STEREO, nullptr}};

// CLAP wants char** and reads it only.
clap_plugin_descriptor_t describe(const char* id, const char* name, const char* const* features) {
  return {CLAP_VERSION_INIT,
          id,
          name,
          "The Pellucid authors",
          "",
          "",
          "",
          pellucid_version(),
          "Removes noise from speech",
          const_cast<const char**>(features)};
}

const std::array<clap_plugin_descriptor_t, 2> kDescriptors = {
    describe("org.pellucid.mono", "Pellucid noise removal (mono)", kFeatures[0]),
    describe("org.pellucid.stereo", "Pellucid noise removal (stereo)", kFeatures[1])};

struct Plugin {
  Plugin(const clap_host_t* its_host, std::uint32_t channel_count);

  clap_plugin_t face;
  const clap_host_t* host;
  const clap_host_latency_t* host_latency = nullptr;
  const clap_host_params_t* host_params = nullptr;
  std::uint32_t channels;
  Effect effect;
  Parameters parameters;
  bool restart_asked = false;  ///< of the audio thread while the plugin is active
};

Plugin& plugin_of(const clap_plugin_t* face) { return *static_cast<Plugin*>(face->plugin_data); }

void take(Plugin& plugin, const clap_input_events_t* events) {
  const std::uint32_t count = events != nullptr ? events->size(events) : 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const clap_event_header_t* event = events->get(events, i);
    if (event == nullptr || event->space_id != CLAP_CORE_EVENT_SPACE_ID || event->type != CLAP_EVENT_PARAM_VALUE ||
        event->size < sizeof(clap_event_param_value_t)) {
      continue;
    }
    clap_event_param_value_t value;
    std::memcpy(&value, event, sizeof value);
    plugin.parameters.set(value.param_id, value.value);
  }
}

// The plugin itself.

bool init(const clap_plugin_t* face) {
  Plugin& plugin = plugin_of(face);
  const auto extension = [&](const char* id) { return plugin.host->get_extension(plugin.host, id); };
  plugin.host_latency = static_cast<const clap_host_latency_t*>(extension(CLAP_EXT_LATENCY));
  plugin.host_params = static_cast<const clap_host_params_t*>(extension(CLAP_EXT_PARAMS));
  return true;
}

void destroy(const clap_plugin_t* face) { delete &plugin_of(face); }

bool activate(const clap_plugin_t* face, double rate_hz, std::uint32_t, std::uint32_t) {
  Plugin& plugin = plugin_of(face);
  const std::uint32_t before = plugin.effect.latency_samples();
  plugin.effect.set_format(rate_hz, plugin.channels);
  plugin.effect.prepare(plugin.parameters.model());
  plugin.restart_asked = false;
  if (plugin.host_latency != nullptr && plugin.effect.latency_samples() != before) {
    plugin.host_latency->changed(plugin.host);
  }
  return true;
}

void deactivate(const clap_plugin_t*) {}
bool start_processing(const clap_plugin_t*) { return true; }
void stop_processing(const clap_plugin_t*) {}
void reset(const clap_plugin_t* face) { plugin_of(face).effect.reset(); }
void on_main_thread(const clap_plugin_t*) {}

clap_process_status process(const clap_plugin_t* face, const clap_process_t* block) {
  Plugin& plugin = plugin_of(face);
  take(plugin, block->in_events);
  if (plugin.parameters.model() != plugin.effect.model() && !plugin.restart_asked) {
    plugin.restart_asked = true;
    plugin.host->request_restart(plugin.host);
  }
  if (block->audio_inputs_count < 1 || block->audio_outputs_count < 1) return CLAP_PROCESS_ERROR;
  const clap_audio_buffer_t& input = block->audio_inputs[0];
  clap_audio_buffer_t& output = block->audio_outputs[0];
  if (input.data32 == nullptr || output.data32 == nullptr || input.channel_count < plugin.channels ||
      output.channel_count < plugin.channels) {
    return CLAP_PROCESS_ERROR;
  }
  output.constant_mask = 0;
  plugin.effect.process(input.data32, output.data32, block->frames_count, plugin.parameters.controls());
  return CLAP_PROCESS_CONTINUE;
}

// Audio ports: one in, one out.

std::uint32_t port_count(const clap_plugin_t*, bool) { return 1; }

bool port_info(const clap_plugin_t* face, std::uint32_t index, bool is_input, clap_audio_port_info_t* info) {
  if (index != 0) return false;
  const std::uint32_t channels = plugin_of(face).channels;
  *info = {};
  info->id = is_input ? 0 : 1;
  std::snprintf(info->name, sizeof info->name, "%s", is_input ? "Input" : "Output");
  info->flags = CLAP_AUDIO_PORT_IS_MAIN;
  info->channel_count = channels;
  info->port_type = channels == 1 ? CLAP_PORT_MONO : CLAP_PORT_STEREO;
  info->in_place_pair = is_input ? 1 : 0;
  return true;
}

// Latency.

std::uint32_t latency(const clap_plugin_t* face) { return plugin_of(face).effect.latency_samples(); }

// Parameters.

std::uint32_t parameter_count(const clap_plugin_t*) { return kParameters; }

bool parameter_described(const clap_plugin_t*, std::uint32_t index, clap_param_info_t* info) {
  if (index >= kParameters) return false;
  const ParameterInfo& known = parameter_info(index);
  *info = {};
  info->id = index;
  // Another model takes an activation, so that it cannot follow an automation.
  info->flags = index == kModel ? 0 : CLAP_PARAM_IS_AUTOMATABLE;
  if (known.steps > 0) info->flags |= CLAP_PARAM_IS_STEPPED;
  if (index == kBypass) info->flags |= CLAP_PARAM_IS_BYPASS;
  std::snprintf(info->name, sizeof info->name, "%s", known.name);
  info->max_value = known.high;
  info->default_value = known.otherwise;
  return true;
}

bool parameter_get(const clap_plugin_t* face, clap_id id, double* value) {
  if (id >= kParameters) return false;
  *value = plugin_of(face).parameters.get(id);
  return true;
}

bool value_to_text(const clap_plugin_t*, clap_id id, double value, char* text, std::uint32_t size) try {
  if (id >= kParameters || size == 0) return false;
  std::snprintf(text, size, "%s", parameter_text(id, value).c_str());
  return true;
} catch (const std::exception&) {
  return false;
}

bool text_to_value(const clap_plugin_t*, clap_id id, const char* text, double* value) try {
  if (id >= kParameters) return false;
  const auto found = parameter_value(id, text);
  if (found) *value = *found;
  return found.has_value();
} catch (const std::exception&) {
  return false;
}

void flush(const clap_plugin_t* face, const clap_input_events_t* in, const clap_output_events_t*) {
  take(plugin_of(face), in);
}

// State.

bool save(const clap_plugin_t* face, const clap_ostream_t* stream) try {
  const std::string state = plugin_of(face).parameters.save();
  for (std::size_t done = 0; done < state.size();) {
    const std::int64_t written = stream->write(stream, state.data() + done, state.size() - done);
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
} catch (const std::exception&) {
  return false;
}

bool load(const clap_plugin_t* face, const clap_istream_t* stream) try {
  Plugin& plugin = plugin_of(face);
  std::string state;
  char piece[256];
  while (state.size() < kMaxStateBytes) {
    const std::int64_t count = stream->read(stream, piece, sizeof piece);
    if (count < 0) return false;
    if (count == 0) break;
    state.append(piece, static_cast<std::size_t>(count));
  }
  if (!plugin.parameters.load(state)) return false;
  if (plugin.host_params != nullptr) plugin.host_params->rescan(plugin.host, CLAP_PARAM_RESCAN_VALUES);
  return true;
} catch (const std::exception&) {
  return false;
}

const void* extension(const clap_plugin_t*, const char* id) {
  static constexpr clap_plugin_audio_ports_t kPorts{port_count, port_info};
  static constexpr clap_plugin_latency_t kLatency{latency};
  static constexpr clap_plugin_params_t kParams{parameter_count, parameter_described, parameter_get,
                                                value_to_text,   text_to_value,       flush};
  static constexpr clap_plugin_state_t kState{save, load};
  if (std::strcmp(id, CLAP_EXT_AUDIO_PORTS) == 0) return &kPorts;
  if (std::strcmp(id, CLAP_EXT_LATENCY) == 0) return &kLatency;
  if (std::strcmp(id, CLAP_EXT_PARAMS) == 0) return &kParams;
  return std::strcmp(id, CLAP_EXT_STATE) == 0 ? &kState : nullptr;
}

Plugin::Plugin(const clap_host_t* its_host, std::uint32_t channel_count)
    : face{&kDescriptors[channel_count - 1],
           this,
           init,
           destroy,
           ::activate,
           deactivate,
           start_processing,
           stop_processing,
           reset,
           process,
           extension,
           on_main_thread},
      host(its_host),
      channels(channel_count),
      effect(0, channel_count, say_on_standard_error) {}

// The factory.

std::uint32_t plugin_count(const clap_plugin_factory_t*) { return static_cast<std::uint32_t>(kDescriptors.size()); }

const clap_plugin_descriptor_t* descriptor(const clap_plugin_factory_t*, std::uint32_t index) {
  return index < kDescriptors.size() ? &kDescriptors[index] : nullptr;
}

const clap_plugin_t* create(const clap_plugin_factory_t*, const clap_host_t* host, const char* id) try {
  for (std::uint32_t i = 0; i < kDescriptors.size(); ++i) {
    if (std::strcmp(id, kDescriptors[i].id) == 0) return &(new Plugin(host, i + 1))->face;
  }
  return nullptr;
} catch (const std::exception&) {
  return nullptr;
}

const void* factory(const char* id) {
  static constexpr clap_plugin_factory_t kFactory{plugin_count, descriptor, create};
  return std::strcmp(id, CLAP_PLUGIN_FACTORY_ID) == 0 ? &kFactory : nullptr;
}

}  // namespace

extern "C" {
CLAP_EXPORT extern const clap_plugin_entry_t clap_entry{CLAP_VERSION_INIT, [](const char*) { return true; }, [] {},
                                                        factory};
}
