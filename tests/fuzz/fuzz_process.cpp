#include <pellucid/pellucid.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "../nn/random_integer_model.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

/// Bytes taken from the front, zeros when there are no more.
class Input {
 public:
  Input(const uint8_t* bytes, size_t size) : bytes_(bytes), left_(size) {}
  template <typename Value>
  Value take() {
    Value value = {};
    const std::size_t n = std::min(left_, sizeof value);
    if (n > 0) std::memcpy(&value, bytes_, n);
    bytes_ += n;
    left_ -= n;
    return value;
  }
  std::size_t left() const { return left_; }

 private:
  const uint8_t* bytes_;
  std::size_t left_;
};

nn::Architecture tiny_architecture(nn::TimeMixer time, nn::FreqMixer freq) {
  nn::Architecture a = nn::test::small_architecture(time, freq);
  a.window_samples = 64;
  a.hop_samples = 32;
  a.channels = 5;
  a.bands = 3;
  a.width = 6;
  a.hidden = 4;
  return a;
}

std::vector<std::uint8_t> tiny_model(nn::TimeMixer time, nn::FreqMixer freq, double gain) {
  return nn::test::make_random_model(tiny_architecture(time, freq), 9, gain);
}

const std::vector<std::uint8_t>& model_number(std::uint8_t choice) {
  using nn::FreqMixer;
  using nn::TimeMixer;
  // The last one's weights are so large that the network runs out of range.
  static const std::array<std::vector<std::uint8_t>, 4> kModels = {
      tiny_model(TimeMixer::kGru, FreqMixer::kDense, 1.0), tiny_model(TimeMixer::kConv, FreqMixer::kConv, 1.0),
      tiny_model(TimeMixer::kGru, FreqMixer::kConv, 3.0), tiny_model(TimeMixer::kConv, FreqMixer::kDense, 1e6)};
  static const std::vector<std::uint8_t> kInteger =
      nn::test::make_random_integer_model(tiny_architecture(TimeMixer::kGru, FreqMixer::kDense), 9);
  return choice >= 0xE0 ? kInteger : kModels[choice % kModels.size()];
}

constexpr float kLoudest = 4.1e9f;  // kMaxGain times kMaxSample, and rounding

void expect_bounded(const std::vector<float>& samples) {
  for (const float x : samples) PELLUCID_PROMISE(std::isfinite(x) && std::abs(x) < 16 * kLoudest);
}

/// `frames` samples a channel, of the input's own bits as long as there are any, then a pattern.
std::vector<float> block_of(Input& input, std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    samples[i] = input.left() >= 4 && i < 64 ? input.take<float>() : 0.01f * static_cast<float>(i % 13) - 0.06f;
  }
  return samples;
}

}  // namespace

void process(const uint8_t* bytes, size_t size) {
  Input input(bytes, size);
  const std::vector<std::uint8_t>& model = model_number(input.take<std::uint8_t>());
  pellucid_config config;
  PELLUCID_PROMISE(pellucid_config_init(&config) == PELLUCID_OK);
  config.model = model.data();
  config.model_size = model.size();
  config.sample_rate_hz = input.take<std::uint32_t>() % 400000;
  config.channels = input.take<std::uint8_t>() % 40;
  config.strength = input.take<float>();
  config.attenuation_limit_db = input.take<float>();
  config.channel_link = input.take<std::uint8_t>() % 3;
  config.post_filter = input.take<float>();
  pellucid_denoiser* denoiser = nullptr;
  std::size_t memory = 0;
  const pellucid_result result = pellucid_size(&config, &memory);
  PELLUCID_PROMISE(pellucid_create(&config, &denoiser) == result);
  if (result != PELLUCID_OK) {
    PELLUCID_PROMISE(denoiser == nullptr && pellucid_result_text(result)[0] != '\0');
    return;
  }
  const std::size_t channels = config.channels;
  std::size_t work = 0;
  while (input.left() > 0 && work < 3000) {
    const auto operation = input.take<std::uint8_t>();
    const std::size_t frames = input.take<std::uint16_t>() % 700;
    switch (operation % 10) {
      case 0:
      case 1: {
        std::vector<float> samples = block_of(input, frames * channels), out(samples.size());
        float* to = operation % 10 == 0 ? samples.data() : out.data();
        PELLUCID_PROMISE(pellucid_process_interleaved(denoiser, samples.data(), to, frames) == PELLUCID_OK);
        expect_bounded(operation % 10 == 0 ? samples : out);
        work += frames * channels;
        break;
      }
      case 2: {
        std::vector<std::vector<float>> planes;
        std::vector<const float*> from;
        std::vector<float*> to;
        for (std::size_t c = 0; c < channels; ++c) planes.push_back(block_of(input, frames));
        for (std::vector<float>& plane : planes) {
          from.push_back(plane.data());
          to.push_back(plane.data());
        }
        PELLUCID_PROMISE(pellucid_process(denoiser, from.data(), to.data(), frames) == PELLUCID_OK);
        for (const std::vector<float>& plane : planes) expect_bounded(plane);
        work += frames * channels;
        break;
      }
      case 3: {
        const auto strength = input.take<float>();
        PELLUCID_PROMISE((pellucid_set_strength(denoiser, strength) == PELLUCID_OK) ==
                         (strength >= 0.0f && strength <= 1.0f));
        break;
      }
      case 4: {
        const auto limit_db = input.take<float>();
        PELLUCID_PROMISE((pellucid_set_attenuation_limit_db(denoiser, limit_db) == PELLUCID_OK) == (limit_db >= 0.0f));
        break;
      }
      case 5: {
        const auto amount = input.take<float>();
        PELLUCID_PROMISE((pellucid_set_post_filter(denoiser, amount) == PELLUCID_OK) ==
                         (amount >= 0.0f && amount <= 1.0f));
        break;
      }
      case 6:
        PELLUCID_PROMISE(pellucid_set_bypass(denoiser, input.take<std::int8_t>()) == PELLUCID_OK);
        break;
      case 7: {
        std::vector<std::int16_t> samples(frames * channels);
        for (std::size_t i = 0; i < samples.size(); ++i) {
          samples[i] = i < 64 ? input.take<std::int16_t>() : static_cast<std::int16_t>(i * 997);
        }
        PELLUCID_PROMISE(pellucid_process_interleaved_int16(denoiser, samples.data(), samples.data(), frames) ==
                         PELLUCID_OK);
        work += frames * channels;
        break;
      }
      case 8: {
        pellucid_status status = {};
        status.struct_size = sizeof status;
        PELLUCID_PROMISE(pellucid_get_status(denoiser, &status) == PELLUCID_OK);
        PELLUCID_PROMISE(status.voice_probability >= 0.0f && status.voice_probability <= 1.0f);
        for (const float level : {status.snr_db, status.noise_dbfs, status.input_dbfs, status.output_dbfs}) {
          PELLUCID_PROMISE(std::isfinite(level));
        }
        break;
      }
      default:
        PELLUCID_PROMISE(pellucid_reset(denoiser) == PELLUCID_OK);
        break;
    }
  }
  pellucid_destroy(denoiser);
}

}  // namespace pellucid::fuzz
