#include "small_hosts.hpp"

#ifdef _WIN32  // which VST3 and CLAP are built for
#include <windows.h>
#else
#include <dlfcn.h>
#include <ladspa.h>
#include <lv2/core/lv2.h>
#include <lv2/worker/worker.h>
#include <sys/mman.h>
#endif

#include <map>
#include <stdexcept>
#include <utility>

namespace pellucid::plugin::test {
#ifndef _WIN32
namespace {

/// Where ports lie that must not be read or written.
Ports forbidden() {
  static void* const page = ::mmap(nullptr, sizeof(float) * 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::runtime_error("mmap");
  Ports ports;
  ports.fill(static_cast<float*>(page));
  return ports;
}

class Ladspa : public Hosted {
 public:
  Ladspa(double rate_hz, std::uint32_t channels) : channels_(channels) {
    has_bypass_ = true;
    values_[3] = 0;
    const auto function =
        reinterpret_cast<LADSPA_Descriptor_Function>(entry(PELLUCID_LADSPA_PLUGIN, "ladspa_descriptor"));
    descriptor_ = function(channels - 1);
    handle_ = descriptor_->instantiate(descriptor_, static_cast<unsigned long>(rate_hz));
    if (handle_ == nullptr) throw std::runtime_error("instantiate gave nothing");
    connect_controls(ports());
  }
  ~Ladspa() override { descriptor_->cleanup(handle_); }
  void activate() override { descriptor_->activate(handle_); }
  void run(const float* const* input, float* const* output, std::uint32_t frames) override {
    for (std::uint32_t c = 0; c < channels_; ++c) {
      descriptor_->connect_port(handle_, c, const_cast<float*>(input[c]));
      descriptor_->connect_port(handle_, channels_ + c, output[c]);
    }
    descriptor_->run(handle_, frames);
  }
  void disconnect_controls() override { connect_controls({}); }
  void activate_without_ports() override {
    connect_controls(forbidden());
    activate();
    connect_controls(ports());
  }

 private:
  void connect_controls(const Ports& ports) {
    for (unsigned long k = 0; k < ports.size(); ++k) descriptor_->connect_port(handle_, 2 * channels_ + k, ports[k]);
  }

  std::uint32_t channels_;
  const LADSPA_Descriptor* descriptor_ = nullptr;
  LADSPA_Handle handle_ = nullptr;
};

class Lv2 : public Hosted, public Worker {
 public:
  Lv2(double rate_hz, std::uint32_t channels, bool with_worker) : channels_(channels) {
    const auto function = reinterpret_cast<LV2_Descriptor_Function>(entry(PELLUCID_LV2_PLUGIN, "lv2_descriptor"));
    descriptor_ = function(channels - 1);
    const LV2_Feature* features[] = {with_worker ? &feature_ : nullptr, nullptr};
    handle_ = descriptor_->instantiate(descriptor_, rate_hz, "", features);
    if (handle_ == nullptr) throw std::runtime_error("instantiate gave nothing");
    connect_controls(ports());
    worker_ = static_cast<const LV2_Worker_Interface*>(descriptor_->extension_data(LV2_WORKER__interface));
  }
  ~Lv2() override { descriptor_->cleanup(handle_); }
  void activate() override { descriptor_->activate(handle_); }
  void run(const float* const* input, float* const* output, std::uint32_t frames) override {
    for (std::uint32_t c = 0; c < channels_; ++c) {
      descriptor_->connect_port(handle_, c, const_cast<float*>(input[c]));
      descriptor_->connect_port(handle_, channels_ + c, output[c]);
    }
    descriptor_->run(handle_, frames);
  }
  void disconnect_controls() override { connect_controls({}); }
  void activate_without_ports() override {
    connect_controls(forbidden());
    activate();
    connect_controls(ports());
  }
  std::size_t waiting() const override { return orders_.size(); }
  void work() override {
    const auto orders = std::exchange(orders_, {});
    for (const auto& order : orders) {
      worker_->work(handle_, respond, this, static_cast<std::uint32_t>(order.size()), order.data());
    }
    const auto answers = std::exchange(answers_, {});
    for (const auto& answer : answers) {
      worker_->work_response(handle_, static_cast<std::uint32_t>(answer.size()), answer.data());
    }
  }

  void drop() override { orders_.clear(); }
  void work_at_once() override { at_once_ = true; }

 private:
  using Message = std::vector<std::uint8_t>;
  void connect_controls(const Ports& ports) {
    for (std::uint32_t k = 0; k < ports.size(); ++k) descriptor_->connect_port(handle_, 2 * channels_ + k, ports[k]);
  }
  static Message copy(std::uint32_t size, const void* data) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return Message(bytes, bytes + size);
  }
  static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle self, std::uint32_t size, const void* data) {
    auto& host = *static_cast<Lv2*>(self);
    host.orders_.push_back(copy(size, data));
    if (host.at_once_) host.work();
    return LV2_WORKER_SUCCESS;
  }
  static LV2_Worker_Status respond(LV2_Worker_Respond_Handle self, std::uint32_t size, const void* data) {
    static_cast<Lv2*>(self)->answers_.push_back(copy(size, data));
    return LV2_WORKER_SUCCESS;
  }

  std::uint32_t channels_;
  LV2_Worker_Schedule schedule_{this, schedule};
  LV2_Feature feature_{LV2_WORKER__schedule, &schedule_};
  const LV2_Descriptor* descriptor_ = nullptr;
  LV2_Handle handle_ = nullptr;
  const LV2_Worker_Interface* worker_ = nullptr;
  std::vector<Message> orders_, answers_;
  bool at_once_ = false;
};

}  // namespace
#endif

void* entry(const char* library, const char* name) {
#ifdef _WIN32
  const HMODULE module = ::LoadLibraryA(library);
  if (module == nullptr) throw std::runtime_error(library);
  const FARPROC symbol = ::GetProcAddress(module, name);
  if (symbol == nullptr) throw std::runtime_error(name);
  return reinterpret_cast<void*>(symbol);
#else
  void* handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(::dlerror());
  void* symbol = ::dlsym(handle, name);
  if (symbol == nullptr) throw std::runtime_error(::dlerror());
  return symbol;
#endif
}

std::uint32_t place_of(const std::string& control) {
  static const std::map<std::string, std::uint32_t> places = {
      {"strength", 0}, {"attenuation_limit", 1}, {"post_filter", 2}, {"enabled", 3}, {"model", 4}, {"adaptive", 5}};
  return places.at(control);
}

void Hosted::set(const std::string& control, float value) {
  const std::uint32_t place = place_of(control);
  values_[place] = place == 3 && has_bypass_ ? 1 - value : value;
}

std::vector<Format> formats() {
  std::vector<Format> all = formats_with_state();
#ifndef _WIN32
  all.insert(all.begin(), {Format::kLadspa, Format::kLv2});
#endif
  return all;
}

std::vector<Format> formats_with_state() {
#ifdef PELLUCID_CLAP_PLUGIN
  return {Format::kVst3, Format::kClap};
#else
  return {};
#endif
}

const char* name_of(Format format) {
  constexpr std::array kNames = {"Ladspa", "Lv2", "Vst3", "Clap"};
  return kNames[static_cast<std::size_t>(format)];
}

std::unique_ptr<Hosted> load(Format format, double rate_hz, std::uint32_t channels) {
#ifndef _WIN32
  if (format == Format::kLadspa) return std::make_unique<Ladspa>(rate_hz, channels);
  if (format == Format::kLv2) return std::make_unique<Lv2>(rate_hz, channels, false);
#endif
  return load_with_state(format, rate_hz, channels);
}

std::unique_ptr<HostedWithState> load_with_state([[maybe_unused]] Format format, [[maybe_unused]] double rate_hz,
                                                 [[maybe_unused]] std::uint32_t channels) {
#ifdef PELLUCID_CLAP_PLUGIN
  return format == Format::kVst3 ? load_vst3(rate_hz, channels) : load_clap(rate_hz, channels);
#else
  throw std::runtime_error("VST3 and CLAP were not built");
#endif
}

#ifndef _WIN32
std::unique_ptr<Hosted> load_with_worker(double rate_hz, std::uint32_t channels, Worker*& worker) {
  auto plugin = std::make_unique<Lv2>(rate_hz, channels, true);
  worker = plugin.get();
  return plugin;
}
#endif

}  // namespace pellucid::plugin::test
