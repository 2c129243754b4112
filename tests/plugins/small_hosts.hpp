// The smallest hosts that LADSPA and LV2 plugins run in, behind one face, so that both are held to the same.
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

enum class Format { kLadspa, kLv2 };

/// An instance whose control ports are connected. Controls are named as LV2 names them; bypass is `enabled` 0.
class Hosted {
 public:
  virtual ~Hosted() = default;
  virtual void activate() = 0;
  virtual void run(const float* const* input, float* const* output, std::uint32_t frames) = 0;
  /// Leaves every control port unconnected from now on; for before activate().
  virtual void disconnect_controls() = 0;

  void set(const std::string& control, float value);
  std::uint32_t latency() const { return static_cast<std::uint32_t>(values_[5]); }

 protected:
  /// strength, attenuation_limit, post_filter, enabled or bypass, model, latency.
  std::array<float, 6> values_{1, 100, 0, 1, 0, -1};
  bool has_bypass_ = false;
};

/// Loads the built plugin. Throws std::runtime_error when it does not load or instantiate.
std::unique_ptr<Hosted> load(Format format, double rate_hz, std::uint32_t channels);

/// An LV2 worker whose work is done when the test says: orders of run() wait until then.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual std::size_t waiting() const = 0;
  /// Does all work that waits and hands the answers to the plugin.
  virtual void work() = 0;
};

/// An LV2 instance with a worker; `worker` lives as long as the instance.
std::unique_ptr<Hosted> load_with_worker(double rate_hz, std::uint32_t channels, Worker*& worker);

}  // namespace pellucid::plugin::test
