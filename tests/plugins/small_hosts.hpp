// The smallest hosts that LADSPA, LV2, VST3 and CLAP plugins run in, behind one face, so that all are held to the same.
//
//   auto plugin = load(Format::kLv2, 48000, 2);
//   plugin->set("strength", 0.5f);
//   plugin->activate();
//   plugin->run(input_pointers, output_pointers, frames);
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pellucid::plugin::test {

/// Of LADSPA and LV2, in their order: the controls with the latency before the last.
using Ports = std::array<float*, 7>;

enum class Format { kLadspa, kLv2, kVst3, kClap };

/// The formats that were built, and those of them whose hosts keep parameters and states.
std::vector<Format> formats();
std::vector<Format> formats_with_state();
const char* name_of(Format format);

/// An instance whose control ports are connected. Controls are named as LV2 names them; bypass is `enabled` 0.
class Hosted {
 public:
  virtual ~Hosted() = default;
  /// Deactivates it first where it is active.
  virtual void activate() = 0;
  virtual void run(const float* const* input, float* const* output, std::uint32_t frames) = 0;
  /// Leaves every control port unconnected from now on, or sends no values; for before activate().
  virtual void disconnect_controls() = 0;
  /// Activates it while its control ports, where the format has such, are memory that nobody may touch.
  virtual void activate_without_ports() { activate(); }

  void set(const std::string& control, float value);
  std::uint32_t latency() const { return static_cast<std::uint32_t>(reported_latency_); }

 protected:
  /// strength, attenuation_limit, post_filter, enabled or bypass, model, adaptive.
  static constexpr std::uint32_t kControls = 6;
  std::array<float, kControls> values_{1, 100, 0, 1, 0, 0};
  float reported_latency_ = -1;
  Ports ports() {
    auto& v = values_;
    return {&v[0], &v[1], &v[2], &v[3], &v[4], &reported_latency_, &v[5]};
  }
  bool has_bypass_ = false;
};

/// What hosts of VST3 and CLAP do beside that.
class HostedWithState : public Hosted {
 public:
  /// An empty state: the plugin gave none.
  virtual std::string save() = 0;
  virtual bool load(const std::string& state) = 0;
  virtual std::string text(const std::string& control, double value) = 0;
  /// -1 where the plugin takes the text for no value.
  virtual double value(const std::string& control, const std::string& text) = 0;
  /// The plugin's own idea of a control's value.
  virtual double get(const std::string& control) = 0;
  /// How often the plugin asked to be deactivated and activated again.
  virtual int restarts() const = 0;
};

/// Loads the built plugin. Throws std::runtime_error when it does not load or instantiate.
std::unique_ptr<Hosted> load(Format format, double rate_hz, std::uint32_t channels);

std::unique_ptr<HostedWithState> load_with_state(Format format, double rate_hz, std::uint32_t channels);

// What load() and load_with_state() are made of.
std::unique_ptr<HostedWithState> load_vst3(double rate_hz, std::uint32_t channels);
std::unique_ptr<HostedWithState> load_clap(double rate_hz, std::uint32_t channels);
/// A symbol of a library, which is never closed: plugins stay loaded, as they do in a host that scanned its folders.
void* entry(const char* library, const char* name);
/// A control's place in Hosted::values_.
std::uint32_t place_of(const std::string& control);

/// An LV2 worker whose work is done when the test says: orders of run() wait until then.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual std::size_t waiting() const = 0;
  /// Does all work that waits and hands the answers to the plugin.
  virtual void work() = 0;
  /// Forgets what waits.
  virtual void drop() = 0;
  /// From now on orders are done before the call that gives them returns, as some hosts do when they export.
  virtual void work_at_once() = 0;
};

/// An LV2 instance with a worker; `worker` lives as long as the instance.
std::unique_ptr<Hosted> load_with_worker(double rate_hz, std::uint32_t channels, Worker*& worker);

}  // namespace pellucid::plugin::test
