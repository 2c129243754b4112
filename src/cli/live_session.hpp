// A microphone through the engine to a loudspeaker: what happens in the audio thread, and what others may know of it.
#pragma once

#include <pellucid/pellucid.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cli/live_device.hpp"

namespace pellucid::cli {

struct LiveSettings {
  std::span<const std::byte> model;
  std::string model_name;  ///< named in errors
  std::uint32_t rate_hz = 48000;
  int channels = 1;         ///< of the input; two or more are linked
  int output_channels = 1;  ///< one input channel goes to all of them
  float strength = 1;
  float attenuation_limit_db = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  float post_filter = 0;
  bool adaptive = false;
};

class LiveSession : public SoundClient {
 public:
  /// Throws Error: kModel, kDevice (rate or channels that the engine does not take).
  explicit LiveSession(const LiveSettings& settings);

  void block(const float* input, float* output, std::size_t frames, bool dropout) noexcept override;

  // From any thread.
  void set_strength(float strength) noexcept;
  float strength() const noexcept { return strength_; }
  void set_bypass(bool bypass) noexcept;
  bool bypass() const noexcept { return bypass_; }
  pellucid_status status() const noexcept;
  std::uint64_t frames() const noexcept { return frames_; }
  std::uint64_t dropouts() const noexcept { return dropouts_; }
  double latency_s() const noexcept;

 private:
  static constexpr std::size_t kChunkFrames = 512;

  std::unique_ptr<pellucid_denoiser, decltype(&pellucid_destroy)> denoiser_;
  std::size_t channels_, output_channels_;
  std::uint32_t rate_hz_;
  std::vector<float> chunk_;
  std::atomic<float> strength_;
  std::atomic<bool> bypass_{false};
  std::atomic<std::uint64_t> frames_{0}, dropouts_{0};
};

}  // namespace pellucid::cli
