// A VST3 host: what a program does that loads pellucid.vst3, in the order that the format prescribes.
#include <travesty/audio_processor.h>
#include <travesty/component.h>
#include <travesty/edit_controller.h>
#include <travesty/factory.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "small_hosts.hpp"

namespace pellucid::plugin::test {
namespace {

#ifdef _WIN32
constexpr const char* kStart = "InitDll";
#else
constexpr const char* kStart = "ModuleEntry";
#endif
constexpr std::array<double, 6> kHigh = {1, 100, 1, 1, 4, 1};

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

// Objects of the host's own: their functions' table comes first, so that `self` is their address.
v3_result query_nothing(void*, const v3_tuid, void** object) {
  *object = nullptr;
  return V3_NO_INTERFACE;
}
std::uint32_t held(void*) { return 1; }
constexpr v3_funknown kUnknown{query_nothing, held, held};

struct HandlerFunctions : v3_funknown {
  v3_component_handler handler;
};
struct Handler {
  const HandlerFunctions* functions;
  int latency_changes = 0;
};
constexpr HandlerFunctions kHandler{kUnknown,
                                    {[](void*, v3_param_id) -> v3_result { return V3_OK; },
                                     [](void*, v3_param_id, double) -> v3_result { return V3_OK; },
                                     [](void*, v3_param_id) -> v3_result { return V3_OK; },
                                     [](void* self, std::int32_t flags) -> v3_result {
                                       if (flags == V3_RESTART_LATENCY_CHANGED)
                                         ++static_cast<Handler*>(self)->latency_changes;
                                       return V3_OK;
                                     }}};

// A parameter's values in one block: first something else, which the last one overrules.
struct Queue {
  const v3_param_value_queue_cpp* functions;
  v3_param_id id = 0;
  double value = 0;
};
constexpr v3_param_value_queue_cpp kQueue = [] {
  v3_param_value_queue_cpp all{};
  static_cast<v3_funknown&>(all) = kUnknown;
  all.queue = {[](void* self) { return static_cast<Queue*>(self)->id; }, [](void*) { return std::int32_t{2}; },
               [](void* self, std::int32_t index, std::int32_t* at, double* value) -> v3_result {
                 *at = index;
                 *value = index == 0 ? 0.123 : static_cast<Queue*>(self)->value;
                 return V3_OK;
               },
               [](void*, std::int32_t, double, std::int32_t*) -> v3_result { return V3_NOT_IMPLEMENTED; }};
  return all;
}();

struct Changes {
  const v3_param_changes_cpp* functions;
  std::array<Queue, kHigh.size() + 1> queues{};
  std::int32_t count = 0;

  void add(v3_param_id id, double value) { queues[static_cast<std::size_t>(count++)] = {&kQueue, id, value}; }
};
constexpr v3_param_changes_cpp kChanges = [] {
  v3_param_changes_cpp all{};
  static_cast<v3_funknown&>(all) = kUnknown;
  all.changes = {[](void* self) { return static_cast<Changes*>(self)->count; },
                 [](void* self, std::int32_t index) {
                   auto& queue = static_cast<Changes*>(self)->queues[static_cast<std::size_t>(index)];
                   return static_cast<v3_param_value_queue**>(static_cast<void*>(&queue));
                 },
                 [](void*, v3_param_id*, std::int32_t*) -> v3_param_value_queue** { return nullptr; }};
  return all;
}();

// A stream that reads and writes seven bytes at a time, as a host may.
struct StreamFunctions : v3_funknown {
  v3_bstream stream;
};
struct Stream {
  const StreamFunctions* functions;
  std::string bytes;
  std::size_t at = 0;
};
constexpr StreamFunctions kStream{
    kUnknown,
    {[](void* self, void* to, std::int32_t size, std::int32_t* count) -> v3_result {
       auto& stream = *static_cast<Stream*>(self);
       const std::size_t some =
           std::min({std::size_t{7}, static_cast<std::size_t>(size), stream.bytes.size() - stream.at});
       std::memcpy(to, stream.bytes.data() + stream.at, some);
       stream.at += some;
       *count = static_cast<std::int32_t>(some);
       return V3_OK;
     },
     [](void* self, void* from, std::int32_t size, std::int32_t* count) -> v3_result {
       *count = std::min(size, 7);
       static_cast<Stream*>(self)->bytes.append(static_cast<const char*>(from), static_cast<std::size_t>(*count));
       return V3_OK;
     },
     [](void*, std::int64_t, std::int32_t, std::int64_t*) -> v3_result { return V3_NOT_IMPLEMENTED; },
     [](void*, std::int64_t*) -> v3_result { return V3_NOT_IMPLEMENTED; }}};

template <typename Interface, typename Object>
Interface** face(Object& object) {
  return static_cast<Interface**>(static_cast<void*>(&object));
}

class Vst3 : public HostedWithState {
 public:
  Vst3(double rate_hz, std::uint32_t channels) : channels_(channels) {
    has_bypass_ = true;
    values_[3] = 0;
    const auto start = reinterpret_cast<bool (*)(void*)>(entry(PELLUCID_VST3_PLUGIN, kStart));
    const auto get = reinterpret_cast<v3_plugin_factory_2** (*)()>(entry(PELLUCID_VST3_PLUGIN, "GetPluginFactory"));
    require(start(nullptr), kStart);
    v3_plugin_factory_2** factory_2 = get();
    auto** factory = static_cast<v3_plugin_factory**>(static_cast<void*>(factory_2));
    require(v3_cpp_obj(factory)->num_classes(factory) == 1, "one class");
    v3_class_info_2 info;
    require(v3_cpp_obj(factory_2)->get_class_info_2(factory_2, 0, &info) == V3_OK &&
                std::strcmp(info.category, "Audio Module Class") == 0,
            "an audio module");
    void* object = nullptr;
    require(v3_cpp_obj(factory)->create_instance(factory, info.class_id, v3_component_iid, &object) == V3_OK,
            "a component");
    component_ = static_cast<v3_component**>(object);
    require(v3_cpp_obj_initialize(component_, nullptr) == V3_OK, "initialize");
    require(v3_cpp_obj_query_interface(component_, v3_audio_processor_iid, &processor_) == V3_OK, "a processor");
    require(v3_cpp_obj_query_interface(component_, v3_edit_controller_iid, &controller_) == V3_OK, "a controller");
    v3_midi_mapping** none = nullptr;
    require(v3_cpp_obj_query_interface(component_, v3_midi_mapping_iid, &none) == V3_NO_INTERFACE,
            "no other interface");
    v3_cpp_obj(controller_)->set_component_handler(controller_, face<v3_component_handler>(handler_));
    check_parameters();
    arrange();
    v3_process_setup setup{V3_REALTIME, V3_SAMPLE_32, 1024, rate_hz};
    require(v3_cpp_obj(processor_)->setup_processing(processor_, &setup) == V3_OK, "setup_processing");
    latency_before_ = v3_cpp_obj(processor_)->get_latency_samples(processor_);
  }
  ~Vst3() override {
    deactivate();
    v3_cpp_obj_terminate(component_);
    v3_cpp_obj_unref(controller_);
    v3_cpp_obj_unref(processor_);
    if (v3_cpp_obj_unref(component_) != 0) std::terminate();  // the plugin leaks
  }

  void activate() override {
    deactivate();
    for (std::uint32_t p = 0; p < kControls && connected_; ++p) {
      sent_[p] = values_[p];
      v3_cpp_obj(controller_)->set_parameter_normalised(controller_, p, normalised(p));
    }
    require(v3_cpp_obj(component_)->set_active(component_, 1) == V3_OK, "set_active");
    v3_cpp_obj(processor_)->set_processing(processor_, 1);
    active_ = true;
    const std::uint32_t latency = v3_cpp_obj(processor_)->get_latency_samples(processor_);
    require(latency == latency_before_ || values_[4] != 0, "the same latency before it was active");
    reported_latency_ = static_cast<float>(latency);
  }
  void run(const float* const* input, float* const* output, std::uint32_t frames) override {
    changes_.count = 0;
    for (std::uint32_t p = 0; p < kControls && connected_; ++p) {
      if (values_[p] == sent_[p] || std::isnan(values_[p])) continue;
      sent_[p] = values_[p];
      changes_.add(p, normalised(p));
      v3_cpp_obj(controller_)->set_parameter_normalised(controller_, p, normalised(p));
    }
    changes_.add(12345, 0.5);
    const auto count = static_cast<std::int32_t>(channels_);
    v3_audio_bus_buffers in{count, 0, {const_cast<float**>(input)}}, out{count, 0, {const_cast<float**>(output)}};
    v3_process_data block{V3_REALTIME, V3_SAMPLE_32, static_cast<std::int32_t>(frames), 1,       1,
                          &in,         &out,         face<v3_param_changes>(changes_),  nullptr, nullptr,
                          nullptr,     nullptr};
    require(v3_cpp_obj(processor_)->process(processor_, &block) == V3_OK, "process");
  }
  void disconnect_controls() override { connected_ = false; }

  std::string save() override {
    Stream stream{&kStream, ""};
    const v3_result result = v3_cpp_obj(component_)->get_state(component_, face<v3_bstream>(stream));
    return result == V3_OK ? stream.bytes : "";
  }
  bool load(const std::string& state) override {
    Stream stream{&kStream, state};
    if (v3_cpp_obj(component_)->set_state(component_, face<v3_bstream>(stream)) != V3_OK) return false;
    stream.at = 0;
    return v3_cpp_obj(controller_)->set_component_state(controller_, face<v3_bstream>(stream)) == V3_OK;
  }
  std::string text(const std::string& control, double value) override {
    const std::uint32_t place = place_of(control);
    v3_str_128 text{};
    require(
        v3_cpp_obj(controller_)->get_parameter_string_for_value(controller_, place, normalised(place, value), text) ==
            V3_OK,
        "a text");
    return std::string(text, std::find(text, text + 128, 0));
  }
  double value(const std::string& control, const std::string& text) override {
    const std::uint32_t place = place_of(control);
    std::vector<std::int16_t> wide(text.begin(), text.end());
    wide.push_back(0);
    double value = 0;
    if (v3_cpp_obj(controller_)->get_parameter_value_for_string(controller_, place, wide.data(), &value) != V3_OK)
      return -1;
    return plain(place, value);
  }
  double get(const std::string& control) override {
    const std::uint32_t place = place_of(control);
    return plain(place, v3_cpp_obj(controller_)->get_parameter_normalised(controller_, place));
  }
  int restarts() const override { return handler_.latency_changes; }

 private:
  double normalised(std::uint32_t place) const { return static_cast<double>(values_[place]) / kHigh[place]; }
  static double normalised(std::uint32_t place, double value) {
    return (place == 3 ? 1 - value : value) / kHigh[place];
  }
  static double plain(std::uint32_t place, double value) { return place == 3 ? 1 - value : value * kHigh[place]; }

  void check_parameters() {
    require(v3_cpp_obj(controller_)->get_parameter_count(controller_) == kControls, "six parameters");
    for (std::uint32_t p = 0; p < kControls; ++p) {
      v3_param_info info;
      require(v3_cpp_obj(controller_)->get_parameter_info(controller_, static_cast<std::int32_t>(p), &info) == V3_OK &&
                  info.param_id == p && info.default_normalised_value == normalised(p) &&
                  ((info.flags & V3_PARAM_IS_BYPASS) != 0) == (p == 3) &&
                  v3_cpp_obj(controller_)->normalised_parameter_to_plain(controller_, p, 1) == kHigh[p],
              "parameters in LADSPA's order with its defaults");
    }
  }
  /// Offers what the plugin cannot do, then what this test wants.
  void arrange() {
    v3_speaker_arrangement mono = V3_SPEAKER_M, stereo = V3_SPEAKER_L | V3_SPEAKER_R, many = 0x3f;
    const auto offer = [&](v3_speaker_arrangement& in, v3_speaker_arrangement& out) {
      return v3_cpp_obj(processor_)->set_bus_arrangements(processor_, &in, 1, &out, 1) == V3_OK;
    };
    require(!offer(mono, stereo) && !offer(many, many), "no more than it can do");
    require(channels_ == 1 ? offer(mono, mono) : offer(stereo, stereo), "one channel and two");
    v3_bus_info info;
    require(v3_cpp_obj(component_)->get_bus_info(component_, V3_AUDIO, V3_OUTPUT, 0, &info) == V3_OK &&
                info.channel_count == static_cast<std::int32_t>(channels_) &&
                v3_cpp_obj(component_)->get_bus_count(component_, V3_EVENT, V3_INPUT) == 0,
            "a bus of as many channels");
  }
  void deactivate() {
    if (!active_) return;
    v3_cpp_obj(processor_)->set_processing(processor_, 0);
    v3_cpp_obj(component_)->set_active(component_, 0);
    active_ = false;
  }

  std::uint32_t channels_;
  v3_component** component_ = nullptr;
  v3_audio_processor** processor_ = nullptr;
  v3_edit_controller** controller_ = nullptr;
  Handler handler_{&kHandler};
  Changes changes_{&kChanges};
  bool active_ = false, connected_ = true;
  std::uint32_t latency_before_ = 0;  // of the default model
  std::array<float, kControls> sent_{};
};

}  // namespace

std::unique_ptr<HostedWithState> load_vst3(double rate_hz, std::uint32_t channels) {
  return std::make_unique<Vst3>(rate_hz, channels);
}

}  // namespace pellucid::plugin::test
