// Pellucid as a VST3 plugin, for one channel or two: component, processor and controller are one object, written
// against the C interface of DPF's "travesty" headers. vst3_factory.cpp makes it.
//
// The processor hears of parameters in process(), the controller from the host's main thread; each has values of its
// own, so that a knob which lags behind an automation does not disturb it. The model is the controller's: it takes a
// file, so it is loaded by set_active(), which the host is asked to call anew.
#include "vst3.hpp"

#include <travesty/audio_processor.h>
#include <travesty/component.h>
#include <travesty/edit_controller.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <string>

#include "effect.hpp"
#include "parameters.hpp"

namespace pellucid::plugin {
namespace {

constexpr v3_speaker_arrangement kMono = V3_SPEAKER_M, kStereo = V3_SPEAKER_L | V3_SPEAKER_R;

struct Plugin;

/// What a host holds of an interface: it reads the first pointer and hands the address back.
struct Face {
  const void* functions;
  Plugin* plugin;
};

struct Plugin {
  Plugin();
  ~Plugin() { handle_with(nullptr); }

  void handle_with(v3_component_handler** next) {
    if (next != nullptr) v3_cpp_obj_ref(next);
    if (handler != nullptr) v3_cpp_obj_unref(handler);
    handler = next;
  }
  double normalised(std::uint32_t id) const { return controller.get(id) / parameter_info(id).high; }

  Face component_face, processor_face, controller_face;
  std::atomic<std::uint32_t> references{1};
  v3_component_handler** handler = nullptr;
  Effect effect{0, 2, say_on_standard_error};
  Parameters processor, controller;
  double rate_hz = 0;
  std::uint32_t channels = 2;
  bool active = false;
};

Plugin& plugin_of(void* self) { return *static_cast<Face*>(self)->plugin; }

// What every interface begins with.

bool same(const v3_tuid a, const v3_tuid b) { return v3_tuid_match(a, b); }

v3_result V3_API query(void* self, const v3_tuid iid, void** object) {
  Plugin& plugin = plugin_of(self);
  *object = nullptr;
  if (same(iid, v3_funknown_iid) || same(iid, v3_plugin_base_iid) || same(iid, v3_component_iid)) {
    *object = &plugin.component_face;
  } else if (same(iid, v3_audio_processor_iid)) {
    *object = &plugin.processor_face;
  } else if (same(iid, v3_edit_controller_iid)) {
    *object = &plugin.controller_face;
  } else {
    return V3_NO_INTERFACE;
  }
  ++plugin.references;
  return V3_OK;
}

std::uint32_t V3_API add_reference(void* self) { return ++plugin_of(self).references; }

std::uint32_t V3_API release(void* self) {
  Plugin& plugin = plugin_of(self);
  const std::uint32_t left = --plugin.references;
  if (left == 0) delete &plugin;
  return left;
}

v3_result V3_API initialize(void*, v3_funknown**) { return V3_OK; }

v3_result V3_API terminate(void* self) {
  plugin_of(self).handle_with(nullptr);
  return V3_OK;
}

constexpr v3_funknown kUnknown{query, add_reference, release};
constexpr v3_plugin_base kBase{initialize, terminate};

void copy_text(const std::string& text, std::int16_t* to, std::size_t size) {
  const std::size_t count = std::min(text.size(), size - 1);
  std::copy_n(text.begin(), count, to);  // all our texts are ASCII
  to[count] = 0;
}

// Component: buses, activation, state.

v3_result V3_API controller_class(void*, v3_tuid) { return V3_NOT_IMPLEMENTED; }  // it is this object
v3_result V3_API set_io_mode(void*, std::int32_t) { return V3_OK; }

std::int32_t V3_API bus_count(void*, std::int32_t media, std::int32_t) { return media == V3_AUDIO ? 1 : 0; }

v3_result V3_API bus_info(void* self, std::int32_t media, std::int32_t direction, std::int32_t index,
                          v3_bus_info* info) {
  if (media != V3_AUDIO || index != 0) return V3_INVALID_ARG;
  *info = {};
  info->media_type = media;
  info->direction = direction;
  info->channel_count = static_cast<std::int32_t>(plugin_of(self).channels);
  copy_text(direction == V3_INPUT ? "Input" : "Output", info->bus_name, 128);
  info->bus_type = V3_MAIN;
  info->flags = V3_DEFAULT_ACTIVE;
  return V3_OK;
}

v3_result V3_API routing(void*, v3_routing_info*, v3_routing_info*) { return V3_NOT_IMPLEMENTED; }
v3_result V3_API activate_bus(void*, std::int32_t media, std::int32_t, std::int32_t index, v3_bool) {
  return media == V3_AUDIO && index == 0 ? V3_OK : V3_INVALID_ARG;
}

void prepare(Plugin& plugin) {
  plugin.effect.set_format(plugin.rate_hz, plugin.channels);
  plugin.effect.prepare(plugin.controller.model());
}

v3_result V3_API set_active(void* self, v3_bool state) {
  Plugin& plugin = plugin_of(self);
  plugin.active = state != 0;
  if (plugin.active) prepare(plugin);
  return V3_OK;
}

// Reads a stream to its end, or as far as a state can reach.
bool read_all(v3_bstream** stream, std::string& all) {
  char piece[256];
  while (all.size() < kMaxStateBytes) {
    std::int32_t count = 0;
    if (v3_cpp_obj(stream)->read(stream, piece, sizeof piece, &count) != V3_OK) return !all.empty();
    if (count <= 0) return true;
    all.append(piece, static_cast<std::size_t>(count));
  }
  return true;
}

v3_result load(v3_bstream** stream, Parameters& to) try {
  std::string state;
  return stream != nullptr && read_all(stream, state) && to.load(state) ? V3_OK : V3_INVALID_ARG;
} catch (const std::exception&) {
  return V3_INTERNAL_ERR;
}

// "The latency has changed" is what makes a host switch the plugin off and on, and another model's may differ.
void ask_for_activation(Plugin& plugin) {
  if (!plugin.active || plugin.handler == nullptr || plugin.controller.model() == plugin.effect.model()) return;
  v3_cpp_obj(plugin.handler)->restart_component(plugin.handler, V3_RESTART_LATENCY_CHANGED);
}

v3_result V3_API set_state(void* self, v3_bstream** stream) {
  Plugin& plugin = plugin_of(self);
  const v3_result result = load(stream, plugin.processor);
  if (result != V3_OK) return result;
  plugin.controller.set(kModel, plugin.processor.model());
  ask_for_activation(plugin);
  return V3_OK;
}

v3_result V3_API get_state(void* self, v3_bstream** stream) try {
  const Plugin& plugin = plugin_of(self);
  std::string state = plugin.processor.save();
  for (std::size_t done = 0; done < state.size();) {
    std::int32_t written = 0;
    const auto left = static_cast<std::int32_t>(state.size() - done);
    if (v3_cpp_obj(stream)->write(stream, state.data() + done, left, &written) != V3_OK || written <= 0) {
      return V3_INTERNAL_ERR;
    }
    done += static_cast<std::size_t>(written);
  }
  return V3_OK;
} catch (const std::exception&) {
  return V3_INTERNAL_ERR;
}

constexpr v3_component_cpp component_functions() {
  v3_component_cpp all{};
  static_cast<v3_funknown&>(all) = kUnknown;
  all.base = kBase;
  all.comp = {controller_class, set_io_mode, bus_count, bus_info, routing,
              activate_bus,     set_active,  set_state, get_state};
  return all;
}

// Processor.

v3_result V3_API set_arrangements(void* self, v3_speaker_arrangement* inputs, std::int32_t input_count,
                                  v3_speaker_arrangement* outputs, std::int32_t output_count) {
  Plugin& plugin = plugin_of(self);
  if (plugin.active || input_count != 1 || output_count != 1 || inputs[0] != outputs[0]) return V3_FALSE;
  if (inputs[0] != kMono && inputs[0] != kStereo) return V3_FALSE;
  plugin.channels = inputs[0] == kMono ? 1 : 2;
  return V3_OK;
}

v3_result V3_API get_arrangement(void* self, std::int32_t, std::int32_t index, v3_speaker_arrangement* arrangement) {
  if (index != 0) return V3_INVALID_ARG;
  *arrangement = plugin_of(self).channels == 1 ? kMono : kStereo;
  return V3_OK;
}

v3_result V3_API can_process(void*, std::int32_t size) { return size == V3_SAMPLE_32 ? V3_OK : V3_FALSE; }
std::uint32_t V3_API latency(void* self) { return plugin_of(self).effect.latency_samples(); }

v3_result V3_API set_up(void* self, v3_process_setup* setup) {
  Plugin& plugin = plugin_of(self);
  if (plugin.active || setup->symbolic_sample_size != V3_SAMPLE_32) return V3_FALSE;
  plugin.rate_hz = setup->sample_rate;
  prepare(plugin);  // a host may ask for the latency before it activates
  return V3_OK;
}

v3_result V3_API set_processing(void* self, v3_bool state) {
  if (state != 0) plugin_of(self).effect.reset();
  return V3_OK;
}

// The last value that a block has for a parameter holds for all of it.
void take(Plugin& plugin, v3_param_changes** changes) {
  const std::int32_t count = changes != nullptr ? v3_cpp_obj(changes)->get_param_count(changes) : 0;
  for (std::int32_t i = 0; i < count; ++i) {
    v3_param_value_queue** queue = v3_cpp_obj(changes)->get_param_data(changes, i);
    if (queue == nullptr) continue;
    const v3_param_id id = v3_cpp_obj(queue)->get_param_id(queue);
    const std::int32_t points = v3_cpp_obj(queue)->get_point_count(queue);
    std::int32_t at = 0;
    double value = 0;
    if (id >= kParameters || points <= 0 || v3_cpp_obj(queue)->get_point(queue, points - 1, &at, &value) != V3_OK) {
      continue;
    }
    plugin.processor.set(id, value * parameter_info(id).high);
    // A host need not tell the controller, too; Ardour does not, without a window of the plugin's. From here nobody may
    // be asked for an activation: the next one that comes takes the model.
    if (id == kModel) plugin.controller.set(id, value * parameter_info(id).high);
  }
}

v3_result V3_API process(void* self, v3_process_data* block) {
  Plugin& plugin = plugin_of(self);
  take(plugin, block->input_params);
  if (block->nframes <= 0 || block->num_input_buses < 1 || block->num_output_buses < 1) return V3_OK;  // values only
  if (block->symbolic_sample_size != V3_SAMPLE_32) return V3_INVALID_ARG;
  const v3_audio_bus_buffers& input = block->inputs[0];
  v3_audio_bus_buffers& output = block->outputs[0];
  const auto channels = static_cast<std::int32_t>(plugin.channels);
  if (!plugin.active || input.num_channels < channels || output.num_channels < channels ||
      input.channel_buffers_32 == nullptr || output.channel_buffers_32 == nullptr) {
    return V3_INVALID_ARG;
  }
  output.channel_silence_bitset = 0;
  plugin.effect.process(input.channel_buffers_32, output.channel_buffers_32, static_cast<std::size_t>(block->nframes),
                        plugin.processor.controls());
  return V3_OK;
}

std::uint32_t V3_API tail(void*) { return 0; }

constexpr v3_audio_processor_cpp processor_functions() {
  v3_audio_processor_cpp all{};
  static_cast<v3_funknown&>(all) = kUnknown;
  all.proc = {set_arrangements, get_arrangement, can_process, latency, set_up, set_processing, process, tail};
  return all;
}

// Controller.

v3_result V3_API set_component_state(void* self, v3_bstream** stream) {
  return load(stream, plugin_of(self).controller);
}
v3_result V3_API no_state(void*, v3_bstream**) { return V3_NOT_IMPLEMENTED; }
std::int32_t V3_API parameter_count(void*) { return kParameters; }

v3_result V3_API parameter_described(void*, std::int32_t index, v3_param_info* info) {
  if (index < 0 || index >= static_cast<std::int32_t>(kParameters)) return V3_INVALID_ARG;
  const auto id = static_cast<std::uint32_t>(index);
  const ParameterInfo& known = parameter_info(id);
  *info = {};
  info->param_id = id;
  copy_text(known.name, info->title, 128);
  copy_text(known.name, info->short_title, 128);
  copy_text(known.unit, info->units, 128);
  info->step_count = static_cast<std::int32_t>(known.steps);
  info->default_normalised_value = known.otherwise / known.high;
  // Hosts, as Ardour, show no parameter that is not automatable; so the model is, though it waits for an activation.
  info->flags = V3_PARAM_CAN_AUTOMATE | (id == kModel ? V3_PARAM_IS_LIST : 0);
  if (id == kBypass) info->flags |= V3_PARAM_IS_BYPASS;
  return V3_OK;
}

v3_result V3_API text_of(void*, v3_param_id id, double normalised, v3_str_128 text) try {
  if (id >= kParameters) return V3_INVALID_ARG;
  copy_text(parameter_text(id, normalised * parameter_info(id).high), text, 128);
  return V3_OK;
} catch (const std::exception&) {
  return V3_INTERNAL_ERR;
}

v3_result V3_API value_of(void*, v3_param_id id, std::int16_t* text, double* normalised) try {
  if (id >= kParameters) return V3_INVALID_ARG;
  std::string narrow;
  for (; *text != 0 && narrow.size() < 128; ++text) narrow += *text > 0 && *text < 128 ? static_cast<char>(*text) : '?';
  const auto value = parameter_value(id, narrow);
  if (value) *normalised = *value / parameter_info(id).high;
  return value ? V3_OK : V3_FALSE;
} catch (const std::exception&) {
  return V3_INTERNAL_ERR;
}

double V3_API plain_of(void*, v3_param_id id, double normalised) {
  return id < kParameters ? normalised * parameter_info(id).high : 0;
}
double V3_API normalised_of(void*, v3_param_id id, double plain) {
  return id < kParameters ? plain / parameter_info(id).high : 0;
}
double V3_API get_normalised(void* self, v3_param_id id) {
  return id < kParameters ? plugin_of(self).normalised(id) : 0;
}

v3_result V3_API set_normalised(void* self, v3_param_id id, double normalised) {
  if (id >= kParameters) return V3_INVALID_ARG;
  Plugin& plugin = plugin_of(self);
  const double plain = normalised * parameter_info(id).high;
  plugin.controller.set(id, plain);
  if (!plugin.active || id == kModel) plugin.processor.set(id, plain);
  if (id == kModel) ask_for_activation(plugin);
  return V3_OK;
}

v3_result V3_API set_handler(void* self, v3_component_handler** handler) {
  plugin_of(self).handle_with(handler);
  return V3_OK;
}

v3_plugin_view** V3_API no_view(void*, const char*) { return nullptr; }

constexpr v3_edit_controller_cpp controller_functions() {
  v3_edit_controller_cpp all{};
  static_cast<v3_funknown&>(all) = kUnknown;
  all.base = kBase;
  all.ctrl = {set_component_state,
              no_state,
              no_state,
              parameter_count,
              parameter_described,
              text_of,
              value_of,
              plain_of,
              normalised_of,
              get_normalised,
              set_normalised,
              set_handler,
              no_view};
  return all;
}

constexpr v3_component_cpp kComponent = component_functions();
constexpr v3_audio_processor_cpp kProcessor = processor_functions();
constexpr v3_edit_controller_cpp kController = controller_functions();

Plugin::Plugin()
    : component_face{&kComponent, this}, processor_face{&kProcessor, this}, controller_face{&kController, this} {}

}  // namespace

v3_result create_vst3(const v3_tuid iid, void** object) noexcept try {
  auto* plugin = new Plugin;
  const v3_result result = query(&plugin->component_face, iid, object);
  release(&plugin->component_face);  // the host's reference is the one that query() counted
  return result;
} catch (const std::exception&) {
  *object = nullptr;
  return V3_NOMEM;
}

}  // namespace pellucid::plugin
