// Pellucid for C++17: pellucid.h with its memory and errors managed.
//
//   pellucid::Denoiser denoiser(model_bytes.data(), model_bytes.size(), 48000, 2);
//   denoiser.process_interleaved(in, out, frames);        // any number of frames, in place or not
//
// Read pellucid.h for what sound, latency, memory and threads mean.
#pragma once

#include <pellucid/pellucid.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace pellucid {

/// Thrown by Denoiser; what() is pellucid_result_text.
class DenoiserError : public std::runtime_error {
 public:
  explicit DenoiserError(pellucid_result result) : std::runtime_error(pellucid_result_text(result)), result_(result) {}
  pellucid_result result() const noexcept { return result_; }

 private:
  pellucid_result result_;
};

/// A config with its defaults. Throws DenoiserError when the library does not fit the header.
inline pellucid_config default_config() {
  pellucid_config config;
  if (const pellucid_result result = pellucid_config_init(&config)) throw DenoiserError(result);
  return config;
}

/// Owns one pellucid_denoiser; movable. process and the setters throw DenoiserError only on wrong arguments.
class Denoiser {
 public:
  explicit Denoiser(const pellucid_config& config) {
    pellucid_denoiser* made = nullptr;
    check(pellucid_create(&config, &made));
    handle_.reset(made);
  }
  Denoiser(const void* model, std::size_t model_size, std::uint32_t sample_rate_hz, std::uint32_t channels = 1)
      : Denoiser(make_config(model, model_size, sample_rate_hz, channels)) {}

  /// Planar: input[channel][frame].
  void process(const float* const* input, float* const* output, std::size_t frames) {
    check(pellucid_process(handle_.get(), input, output, frames));
  }
  /// Interleaved: input[frame * channels + channel].
  void process_interleaved(const float* input, float* output, std::size_t frames) {
    check(pellucid_process_interleaved(handle_.get(), input, output, frames));
  }
  /// The same for 16-bit samples.
  void process(const std::int16_t* const* input, std::int16_t* const* output, std::size_t frames) {
    check(pellucid_process_int16(handle_.get(), input, output, frames));
  }
  void process_interleaved(const std::int16_t* input, std::int16_t* output, std::size_t frames) {
    check(pellucid_process_interleaved_int16(handle_.get(), input, output, frames));
  }
  void reset() { check(pellucid_reset(handle_.get())); }
  std::uint32_t latency_samples() const noexcept { return pellucid_latency_samples(handle_.get()); }
  std::uint32_t hop_samples() const noexcept { return pellucid_hop_samples(handle_.get()); }
  void set_strength(float strength) { check(pellucid_set_strength(handle_.get(), strength)); }
  void set_attenuation_limit_db(float limit_db) { check(pellucid_set_attenuation_limit_db(handle_.get(), limit_db)); }
  void set_post_filter(float amount) { check(pellucid_set_post_filter(handle_.get(), amount)); }
  void set_adaptive(bool adaptive) { check(pellucid_set_adaptive(handle_.get(), adaptive ? 1 : 0)); }
  void set_bypass(bool bypass) { check(pellucid_set_bypass(handle_.get(), bypass ? 1 : 0)); }
  pellucid_status status() const {
    pellucid_status status{};
    status.struct_size = sizeof status;
    check(pellucid_get_status(handle_.get(), &status));
    return status;
  }
  pellucid_denoiser* handle() const noexcept { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(pellucid_denoiser* denoiser) const noexcept { pellucid_destroy(denoiser); }
  };
  static void check(pellucid_result result) {
    if (result != PELLUCID_OK) throw DenoiserError(result);
  }
  static pellucid_config make_config(const void* model, std::size_t model_size, std::uint32_t sample_rate_hz,
                                     std::uint32_t channels) {
    pellucid_config config = default_config();
    config.model = model;
    config.model_size = model_size;
    config.sample_rate_hz = sample_rate_hz;
    config.channels = channels;
    return config;
  }
  std::unique_ptr<pellucid_denoiser, Destroy> handle_;
};

}  // namespace pellucid
