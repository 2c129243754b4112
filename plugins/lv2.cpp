// Pellucid as LV2 plugins (https://lv2plug.in): urn:pellucid:mono and urn:pellucid:stereo; pellucid.ttl describes both.
// Where the host has a worker, another model is loaded there while this one plays; elsewhere at the next activation.
#include <lv2/core/lv2.h>
#include <lv2/core/lv2_util.h>
#include <lv2/log/log.h>
#include <lv2/log/logger.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <optional>

#include "effect.hpp"

namespace {

using pellucid::plugin::control;
using pellucid::plugin::Controls;
using pellucid::plugin::Effect;
using pellucid::plugin::model_control;

/// Ports: inputs, outputs, then these.
enum ControlPort : std::uint32_t {
  kStrength,
  kAttenuationLimit,
  kPostFilter,
  kEnabled,
  kModel,
  kLatency,
  kAdaptive,  // last: numbers of ports stay what they were
  kControlPorts
};

struct Plugin {
  Plugin(double rate_hz, std::uint32_t channel_count, const LV2_Feature* const* features)
      : effect(rate_hz, channel_count,
               [this](const std::string& sentence) { lv2_log_error(&logger, "%s\n", sentence.c_str()); }),
        channels(channel_count) {
    LV2_URID_Map* map = nullptr;
    LV2_Log_Log* log = nullptr;
    lv2_features_query(features, LV2_URID__map, &map, false, LV2_LOG__log, &log, false, LV2_WORKER__schedule, &schedule,
                       false, nullptr);
    lv2_log_logger_init(&logger, map, map != nullptr ? log : nullptr);
  }

  ~Plugin() {
    pellucid_destroy(loaded);
    pellucid_destroy(unused);
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  LV2_Log_Logger logger{};
  LV2_Worker_Schedule* schedule = nullptr;
  Effect effect;
  std::uint32_t channels;
  std::optional<int> model;                  ///< as the port said in the last run
  bool loading = false, destroying = false;  ///< the worker has an order
  std::uint32_t activation = 0;              ///< how often it was activated: an order from before is nobody's any more
  // Held here and not by messages, which a host that closes may drop.
  std::atomic<pellucid_denoiser*> loaded{nullptr};  ///< by the worker; to be played
  std::atomic<pellucid_denoiser*> unused{nullptr};  ///< replaced; the worker's to destroy, because that frees memory
  std::array<const float*, 2> input{};
  std::array<float*, 2> output{};
  std::array<float*, kControlPorts> controls{};
};

/// What goes to the worker: the number of a model to load, or kDestroy. It comes back when the model is there.
struct Message {
  int model;
  std::uint32_t activation;
};
constexpr int kDestroy = -1;

Plugin& plugin_of(LV2_Handle handle) { return *static_cast<Plugin*>(handle); }

LV2_Handle instantiate(const LV2_Descriptor* descriptor, double rate_hz, const char*,
                       const LV2_Feature* const* features) {
  try {
    return new Plugin(rate_hz, std::strcmp(descriptor->URI, "urn:pellucid:mono") == 0 ? 1 : 2, features);
  } catch (const std::exception&) {
    return nullptr;
  }
}

void connect_port(LV2_Handle handle, std::uint32_t port, void* data) {
  Plugin& plugin = plugin_of(handle);
  const std::uint32_t channels = plugin.channels;
  auto* samples = static_cast<float*>(data);
  if (port < channels) {
    plugin.input[port] = samples;
  } else if (port < 2 * channels) {
    plugin.output[port - channels] = samples;
  } else if (port < 2 * channels + kControlPorts) {
    plugin.controls[port - 2 * channels] = samples;
  }
}

void activate(LV2_Handle handle) {
  Plugin& plugin = plugin_of(handle);
  // Ports are promised in run() only; the first time there is no other way to know.
  plugin.effect.prepare(plugin.model ? *plugin.model : model_control(plugin.controls[kModel]));
  // Orders and answers from before may have been dropped, or may still come.
  ++plugin.activation;
  pellucid_destroy(plugin.unused.exchange(nullptr));
  plugin.loading = plugin.destroying = false;
}

/// `ordered` before a host is asked: it may work at once, and the answer be here before it returns.
void send(Plugin& plugin, int model, bool& ordered) {
  const Message order{model, plugin.activation};
  ordered = true;
  if (plugin.schedule->schedule_work(plugin.schedule->handle, sizeof order, &order) != LV2_WORKER_SUCCESS)
    ordered = false;
}

void order_work(Plugin& plugin, int model) {
  if (plugin.schedule == nullptr) return;
  if (plugin.unused == nullptr) plugin.destroying = false;
  if (plugin.unused != nullptr && !plugin.destroying) send(plugin, kDestroy, plugin.destroying);
  if (plugin.unused != nullptr || plugin.loading || model == plugin.effect.model()) return;
  send(plugin, model, plugin.loading);
}

void run(LV2_Handle handle, std::uint32_t frames) {
  Plugin& plugin = plugin_of(handle);
  plugin.model = model_control(plugin.controls[kModel]);
  order_work(plugin, *plugin.model);
  const Controls controls{
      .strength = control(plugin.controls[kStrength], 0, 1, 1),
      .attenuation_limit_db = control(plugin.controls[kAttenuationLimit], 0, PELLUCID_NO_ATTENUATION_LIMIT_DB,
                                      PELLUCID_NO_ATTENUATION_LIMIT_DB),
      .post_filter = control(plugin.controls[kPostFilter], 0, 1, 0),
      .bypass = control(plugin.controls[kEnabled], 0, 1, 1) <= 0,
      .adaptive = control(plugin.controls[kAdaptive], 0, 1, 0) > 0};
  plugin.effect.process(plugin.input.data(), plugin.output.data(), frames, controls);
  if (float* port = plugin.controls[kLatency]) *port = static_cast<float>(plugin.effect.latency_samples());
}

void cleanup(LV2_Handle handle) { delete static_cast<Plugin*>(handle); }

// In the worker's thread.
LV2_Worker_Status work(LV2_Handle handle, LV2_Worker_Respond_Function respond, LV2_Worker_Respond_Handle to,
                       std::uint32_t size, const void* data) {
  Plugin& plugin = plugin_of(handle);
  Message order;
  if (size != sizeof order) return LV2_WORKER_ERR_UNKNOWN;
  std::memcpy(&order, data, sizeof order);
  if (order.model == kDestroy) {
    pellucid_destroy(plugin.unused.exchange(nullptr));
    return LV2_WORKER_SUCCESS;
  }
  pellucid_destroy(plugin.loaded.exchange(plugin.effect.load(order.model).release()));
  return respond(to, sizeof order, &order);
}

// In the audio thread.
LV2_Worker_Status work_response(LV2_Handle handle, std::uint32_t size, const void* data) {
  Plugin& plugin = plugin_of(handle);
  Message answer;
  if (size != sizeof answer) return LV2_WORKER_ERR_UNKNOWN;
  std::memcpy(&answer, data, sizeof answer);
  if (answer.activation != plugin.activation) return LV2_WORKER_SUCCESS;  // what it loaded goes with the next
  // Nothing else is loaded before this one has gone, so that it is empty here.
  plugin.unused = plugin.effect.replace(Effect::Denoiser(plugin.loaded.exchange(nullptr)), answer.model).release();
  plugin.loading = false;
  return LV2_WORKER_SUCCESS;
}

const void* extension_data(const char* uri) {
  static const LV2_Worker_Interface worker{work, work_response, nullptr};
  return std::strcmp(uri, LV2_WORKER__interface) == 0 ? &worker : nullptr;
}

constexpr LV2_Descriptor describe(const char* uri) {
  return {uri, instantiate, connect_port, activate, run, nullptr, cleanup, extension_data};
}

constexpr LV2_Descriptor kMono = describe("urn:pellucid:mono");
constexpr LV2_Descriptor kStereo = describe("urn:pellucid:stereo");

}  // namespace

LV2_SYMBOL_EXPORT const LV2_Descriptor* lv2_descriptor(std::uint32_t index) {
  if (index == 0) return &kMono;
  return index == 1 ? &kStereo : nullptr;
}
