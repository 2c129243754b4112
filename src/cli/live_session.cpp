#include "cli/live_session.hpp"

#include <algorithm>

#include "support/error.hpp"

namespace pellucid::cli {

LiveSession::LiveSession(const LiveSettings& settings)
    : denoiser_(nullptr, &pellucid_destroy),
      channels_(static_cast<std::size_t>(settings.channels)),
      output_channels_(static_cast<std::size_t>(settings.output_channels)),
      rate_hz_(settings.rate_hz),
      chunk_(kChunkFrames * channels_),
      strength_(settings.strength) {
  pellucid_config config;
  pellucid_denoiser* denoiser = nullptr;
  pellucid_result result = pellucid_config_init(&config);
  config.model = settings.model.data();
  config.model_size = settings.model.size();
  config.sample_rate_hz = settings.rate_hz;
  config.channels = static_cast<std::uint32_t>(settings.channels);
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  config.strength = settings.strength;
  config.attenuation_limit_db = settings.attenuation_limit_db;
  config.post_filter = settings.post_filter;
  config.adaptive = settings.adaptive ? 1 : 0;
  if (result == PELLUCID_OK) result = pellucid_create(&config, &denoiser);
  denoiser_.reset(denoiser);
  if (result == PELLUCID_ERROR_SAMPLE_RATE || result == PELLUCID_ERROR_CHANNELS) {
    throw Error(ExitCode::kDevice, "The device runs at {} Hz with {} channels: {}", settings.rate_hz, settings.channels,
                pellucid_result_text(result));
  }
  if (result != PELLUCID_OK) {
    throw Error(ExitCode::kModel, "{}: {}", settings.model_name, pellucid_result_text(result));
  }
}

void LiveSession::block(const float* input, float* output, std::size_t frames, bool dropout) noexcept {
  if (dropout) dropouts_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t done = 0; done < frames;) {
    const std::size_t count = std::min(kChunkFrames, frames - done);
    if (input != nullptr) {
      std::copy_n(input + done * channels_, count * channels_, chunk_.data());
    } else {
      std::fill_n(chunk_.data(), count * channels_, 0.0f);  // the device had nothing
    }
    pellucid_process_interleaved(denoiser_.get(), chunk_.data(), chunk_.data(), count);
    for (std::size_t i = 0; i < count && output != nullptr; ++i) {
      for (std::size_t c = 0; c < output_channels_; ++c) {
        output[(done + i) * output_channels_ + c] = chunk_[i * channels_ + std::min(c, channels_ - 1)];
      }
    }
    done += count;
  }
  frames_.fetch_add(frames, std::memory_order_relaxed);
}

void LiveSession::set_strength(float strength) noexcept {
  strength_ = std::clamp(strength, 0.0f, 1.0f);
  pellucid_set_strength(denoiser_.get(), strength_);
}

void LiveSession::set_bypass(bool bypass) noexcept {
  bypass_ = bypass;
  pellucid_set_bypass(denoiser_.get(), bypass ? 1 : 0);
}

pellucid_status LiveSession::status() const noexcept {
  pellucid_status status{};
  status.struct_size = sizeof status;
  pellucid_get_status(denoiser_.get(), &status);
  return status;
}

double LiveSession::latency_s() const noexcept {
  return static_cast<double>(pellucid_latency_samples(denoiser_.get())) / rate_hz_;
}

}  // namespace pellucid::cli
