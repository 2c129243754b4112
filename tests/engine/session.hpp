// What the engine's tests share: models, signals and a denoiser that runs over whole vectors.
#pragma once

#include <pellucid/pellucid.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "../nn/random_model.hpp"

namespace pellucid::engine::test {

using nn::test::constant_mask;
using nn::test::make_random_model;
using nn::test::Random;
using nn::test::small_architecture;
using Model = std::vector<std::uint8_t>;
using Samples = std::vector<float>;

constexpr std::uint32_t kRates[] = {8000,  11025, 12000, 16000, 22050,  24000,  32000,
                                    44100, 48000, 88200, 96000, 176400, 192000, 384000};

inline Model random_model(std::uint64_t seed = 1) { return make_random_model(small_architecture(), seed); }

/// A model whose every bin is multiplied by mask^(1/0.3).
inline Model mask_model(float mask) { return make_random_model(small_architecture(), 1, 1.0, {}, constant_mask(mask)); }

inline pellucid_config config_for(const Model& model, std::uint32_t rate_hz, std::uint32_t channels = 1) {
  pellucid_config config;
  if (pellucid_config_init(&config) != PELLUCID_OK) throw std::runtime_error("header and library differ");
  config.model = model.data();
  config.model_size = model.size();
  config.sample_rate_hz = rate_hz;
  config.channels = channels;
  return config;
}

/// A denoiser from pellucid_create that is destroyed in the end.
class Session {
 public:
  explicit Session(const pellucid_config& config) : channels_(config.channels) {
    if (const pellucid_result result = pellucid_create(&config, &denoiser_)) {
      throw std::runtime_error(pellucid_result_text(result));
    }
  }
  ~Session() { pellucid_destroy(denoiser_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  pellucid_denoiser* get() const { return denoiser_; }
  std::size_t latency() const { return pellucid_latency_samples(denoiser_); }

  /// Interleaved, in blocks whose size `block` tells.
  Samples run(const Samples& in, const std::function<std::size_t()>& block) {
    Samples out(in.size());
    const std::size_t frames = in.size() / channels_;
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(block(), frames - done);
      const pellucid_result result =
          pellucid_process_interleaved(denoiser_, in.data() + done * channels_, out.data() + done * channels_, n);
      if (result != PELLUCID_OK) throw std::runtime_error(pellucid_result_text(result));
      done += n;
    }
    return out;
  }
  Samples run(const Samples& in) {
    return run(in, [&] { return in.size(); });
  }

 private:
  std::size_t channels_;
  pellucid_denoiser* denoiser_ = nullptr;
};

inline Samples noise(std::size_t count, std::uint64_t seed, double level = 0.3) {
  Random random(seed);
  Samples samples(count);
  for (float& v : samples) v = static_cast<float>(level * random.uniform());
  return samples;
}

inline Samples sine(std::size_t count, double frequency_hz, double rate_hz, double amplitude = 0.5) {
  Samples samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    samples[i] = static_cast<float>(amplitude * std::sin(2 * M_PI * frequency_hz * static_cast<double>(i) / rate_hz));
  }
  return samples;
}

inline double rms(const Samples& x, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += double{x[i]} * x[i];
  return std::sqrt(sum / static_cast<double>(to - from));
}

}  // namespace pellucid::engine::test
