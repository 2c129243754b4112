// A CLAP host: what a program does that loads pellucid.clap.
#include <clap/entry.h>
#include <clap/ext/audio-ports.h>
#include <clap/ext/latency.h>
#include <clap/ext/params.h>
#include <clap/ext/state.h>
#include <clap/plugin-factory.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "small_hosts.hpp"

namespace pellucid::plugin::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

class Clap : public HostedWithState {
 public:
  Clap(double rate_hz, std::uint32_t channels) : rate_hz_(rate_hz), channels_(channels) {
    has_bypass_ = true;
    values_[3] = 0;
    host_ = {CLAP_VERSION_INIT,        this, "test", "", "", "", extension, ask_restart, [](const clap_host_t*) {},
             [](const clap_host_t*) {}};
    const auto* module = static_cast<const clap_plugin_entry_t*>(entry(PELLUCID_CLAP_PLUGIN, "clap_entry"));
    require(module->init(PELLUCID_CLAP_PLUGIN), "init of the module");
    const auto* factory = static_cast<const clap_plugin_factory_t*>(module->get_factory(CLAP_PLUGIN_FACTORY_ID));
    require(factory != nullptr && factory->get_plugin_count(factory) == 2, "a factory of two plugins");
    require(module->get_factory("none") == nullptr && factory->create_plugin(factory, &host_, "none") == nullptr,
            "nothing for names it does not know");
    plugin_ = factory->create_plugin(factory, &host_, factory->get_plugin_descriptor(factory, channels - 1)->id);
    require(plugin_ != nullptr && plugin_->init(plugin_), "a plugin");
    params_ = get<clap_plugin_params_t>(CLAP_EXT_PARAMS);
    state_ = get<clap_plugin_state_t>(CLAP_EXT_STATE);
    latency_ = get<clap_plugin_latency_t>(CLAP_EXT_LATENCY);
    const auto* ports = get<clap_plugin_audio_ports_t>(CLAP_EXT_AUDIO_PORTS);
    for (const bool is_input : {false, true}) {
      clap_audio_port_info_t info;
      require(ports->count(plugin_, is_input) == 1 && ports->get(plugin_, 0, is_input, &info) &&
                  !ports->get(plugin_, 1, is_input, &info) && info.channel_count == channels,
              "a port of as many channels");
    }
    require(params_->count(plugin_) == kControls, "six parameters");
    for (std::uint32_t p = 0; p < kControls; ++p) {
      clap_param_info_t info;
      require(params_->get_info(plugin_, p, &info) && info.id == p &&
                  info.default_value == static_cast<double>(values_[p]) &&
                  ((info.flags & CLAP_PARAM_IS_BYPASS) != 0) == (p == 3),
              "parameters in LADSPA's order with its defaults");
    }
  }
  ~Clap() override {
    deactivate();
    plugin_->destroy(plugin_);
  }

  void activate() override {
    deactivate();
    gather(true);
    params_->flush(plugin_, &input_events_, &output_events_);
    const float before = reported_latency_;
    told_latency_ = false;
    require(plugin_->activate(plugin_, rate_hz_, 1, 8192) && plugin_->start_processing(plugin_), "activation");
    active_ = true;
    reported_latency_ = static_cast<float>(latency_->get(plugin_));
    require(told_latency_ || before < 0 || reported_latency_ == before, "word of another latency");
  }
  void run(const float* const* input, float* const* output, std::uint32_t frames) override {
    gather(false);
    clap_audio_buffer_t in{const_cast<float**>(input), nullptr, channels_, 0, 0};
    clap_audio_buffer_t out{const_cast<float**>(output), nullptr, channels_, 0, 0};
    const clap_process_t block{-1, frames, nullptr, &in, &out, 1, 1, &input_events_, &output_events_};
    require(plugin_->process(plugin_, &block) == CLAP_PROCESS_CONTINUE, "process");
  }
  void disconnect_controls() override { connected_ = false; }

  std::string save() override {
    std::string all;
    const clap_ostream_t stream{&all, [](const clap_ostream_t* self, const void* bytes, std::uint64_t size) {
                                  const std::uint64_t some = std::min<std::uint64_t>(size, 7);  // as a host may
                                  static_cast<std::string*>(self->ctx)->append(static_cast<const char*>(bytes), some);
                                  return static_cast<std::int64_t>(some);
                                }};
    return state_->save(plugin_, &stream) ? all : "";
  }
  bool load(const std::string& state) override {
    std::string left = state;
    const clap_istream_t stream{&left, [](const clap_istream_t* self, void* bytes, std::uint64_t size) {
                                  auto& from = *static_cast<std::string*>(self->ctx);
                                  const std::size_t some = std::min({std::size_t{7}, from.size(), std::size_t{size}});
                                  std::memcpy(bytes, from.data(), some);
                                  from.erase(0, some);
                                  return static_cast<std::int64_t>(some);
                                }};
    return state_->load(plugin_, &stream);
  }
  std::string text(const std::string& control, double value) override {
    const std::uint32_t place = place_of(control);
    char text[64] = "";
    require(params_->value_to_text(plugin_, place, place == 3 ? 1 - value : value, text, sizeof text), "a text");
    return text;
  }
  double value(const std::string& control, const std::string& text) override {
    const std::uint32_t place = place_of(control);
    double value = -1;
    if (!params_->text_to_value(plugin_, place, text.c_str(), &value)) return -1;
    return place == 3 ? 1 - value : value;
  }
  double get(const std::string& control) override {
    const std::uint32_t place = place_of(control);
    double value = -1;
    require(params_->get_value(plugin_, place, &value), "a value");
    return place == 3 ? 1 - value : value;
  }
  int restarts() const override { return restarts_; }

 private:
  template <typename Extension>
  const Extension* get(const char* id) {
    const void* extension = plugin_->get_extension(plugin_, id);
    require(extension != nullptr, id);
    return static_cast<const Extension*>(extension);
  }
  static Clap& self(const clap_host_t* host) { return *static_cast<Clap*>(host->host_data); }
  // The stereo plugin's host has no extension at all: no plugin may rely on any.
  static const void* extension(const clap_host_t* host, const char* id) {
    static constexpr clap_host_latency_t kLatency{[](const clap_host_t* its) { self(its).told_latency_ = true; }};
    const bool known = self(host).channels_ == 1 && std::strcmp(id, CLAP_EXT_LATENCY) == 0;
    if (!known) self(host).told_latency_ = true;
    return known ? &kLatency : nullptr;
  }
  static void ask_restart(const clap_host_t* host) { ++self(host).restarts_; }

  void deactivate() {
    if (!active_) return;
    plugin_->stop_processing(plugin_);
    plugin_->deactivate(plugin_);
    active_ = false;
  }
  /// Events for what changed since the last, or for every control; among them some that mean nothing here.
  void gather(bool all) {
    event_count_ = 0;
    for (std::uint32_t p = 0; p < kControls && connected_; ++p) {
      if (!all && (values_[p] == sent_[p] || std::isnan(values_[p]))) continue;
      sent_[p] = values_[p];
      add(CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, p, static_cast<double>(values_[p]));
    }
    add(CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, 12345, 1);
    add(CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_MOD, 0, 0.1);
    add(7, CLAP_EVENT_PARAM_VALUE, 0, 0.1);
  }
  void add(std::uint16_t space, std::uint16_t type, clap_id id, double value) {
    clap_event_param_value_t& event = events_[event_count_++];
    event = {};
    event.header = {sizeof event, 0, space, type, 0};
    event.param_id = id;
    event.note_id = event.port_index = event.channel = event.key = -1;
    event.value = value;
  }

  double rate_hz_;
  std::uint32_t channels_;
  clap_host_t host_{};
  const clap_plugin_t* plugin_ = nullptr;
  const clap_plugin_params_t* params_ = nullptr;
  const clap_plugin_state_t* state_ = nullptr;
  const clap_plugin_latency_t* latency_ = nullptr;
  bool active_ = false, connected_ = true, told_latency_ = false;
  int restarts_ = 0;
  std::array<float, kControls> sent_{};
  std::array<clap_event_param_value_t, kControls + 3> events_{};
  std::uint32_t event_count_ = 0;
  clap_input_events_t input_events_{
      this, [](const clap_input_events_t* list) { return static_cast<Clap*>(list->ctx)->event_count_; },
      [](const clap_input_events_t* list, std::uint32_t i) -> const clap_event_header_t* {
        return &static_cast<Clap*>(list->ctx)->events_[i].header;
      }};
  clap_output_events_t output_events_{this,
                                      [](const clap_output_events_t*, const clap_event_header_t*) { return true; }};
};

}  // namespace

std::unique_ptr<HostedWithState> load_clap(double rate_hz, std::uint32_t channels) {
  return std::make_unique<Clap>(rate_hz, channels);
}

}  // namespace pellucid::plugin::test
