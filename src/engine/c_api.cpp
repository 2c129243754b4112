// include/pellucid/pellucid.h, without what needs a heap (c_api_heap.cpp).
#define PELLUCID_BUILDING
#include "engine/c_api.hpp"

#include "engine/denoiser.hpp"

using pellucid::dsp::Arena;
using pellucid::engine::Channels;
using pellucid::engine::Denoiser;
using pellucid::engine::Settings;
using pellucid::nn::ModelFile;
using pellucid::nn::ModelStatus;

struct pellucid_denoiser {
  Denoiser denoiser;
  void* heap = nullptr;  // what pellucid_create has to free
};

namespace {

struct InPlace {};

pellucid_result result_of(ModelStatus status) {
  switch (status) {
    case ModelStatus::kOk:
      return PELLUCID_OK;
    case ModelStatus::kNotAModel:
      return PELLUCID_ERROR_MODEL_FORMAT;
    case ModelStatus::kVersion:
      return PELLUCID_ERROR_MODEL_VERSION;
    case ModelStatus::kTruncated:
      return PELLUCID_ERROR_MODEL_TRUNCATED;
    case ModelStatus::kDamaged:
      return PELLUCID_ERROR_MODEL_DAMAGED;
    case ModelStatus::kUnsupported:
      break;
  }
  return PELLUCID_ERROR_MODEL_UNSUPPORTED;
}

bool valid_amount(float amount) { return amount >= 0.0f && amount <= 1.0f; }

bool valid_limit(float limit_db) { return limit_db >= 0.0f; }

/// The sizes that pellucid_config has had: its forms ended before these members.
bool known_config_size(size_t bytes) {
  return bytes == sizeof(pellucid_config) || bytes == offsetof(pellucid_config, adaptive) ||
         bytes == offsetof(pellucid_config, channel_link);
}

pellucid_config default_config(size_t struct_size) {
  pellucid_config config = {};
  config.struct_size = struct_size;
  config.sample_rate_hz = 16000;
  config.channels = 1;
  config.strength = 1.0f;
  config.attenuation_limit_db = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  config.channel_link = PELLUCID_CHANNELS_INDEPENDENT;
  config.post_filter = 0.0f;
  config.adaptive = 0;
  return config;
}

/// Checks `given`, of any known size, and fills what it is too old to have with defaults.
pellucid_result check(const pellucid_config* given, pellucid_config* config, ModelFile* file) {
  if (given == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!known_config_size(given->struct_size)) return PELLUCID_ERROR_STRUCT_SIZE;
  *config = default_config(given->struct_size);
  __builtin_memcpy(config, given, given->struct_size);
  if (config->model == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (config->sample_rate_hz < PELLUCID_MIN_SAMPLE_RATE_HZ || config->sample_rate_hz > PELLUCID_MAX_SAMPLE_RATE_HZ) {
    return PELLUCID_ERROR_SAMPLE_RATE;
  }
  if (config->channels < 1 || config->channels > PELLUCID_MAX_CHANNELS) return PELLUCID_ERROR_CHANNELS;
  if (!valid_amount(config->strength)) return PELLUCID_ERROR_STRENGTH;
  if (!valid_limit(config->attenuation_limit_db)) return PELLUCID_ERROR_ATTENUATION_LIMIT;
  if (config->channel_link != PELLUCID_CHANNELS_INDEPENDENT && config->channel_link != PELLUCID_CHANNELS_LINKED) {
    return PELLUCID_ERROR_CHANNEL_LINK;
  }
  if (!valid_amount(config->post_filter)) return PELLUCID_ERROR_POST_FILTER;
  const ModelStatus status = file->parse(config->model, config->model_size).status;
  if (status != ModelStatus::kOk) return result_of(status);
  if (pellucid::engine::window_for(file->architecture(), config->sample_rate_hz) == 0) {
    return PELLUCID_ERROR_MODEL_UNSUPPORTED;
  }
  return PELLUCID_OK;
}

Settings settings_of(const pellucid_config& config) {
  Settings settings;
  settings.sample_rate_hz = config.sample_rate_hz;
  settings.channels = config.channels;
  settings.linked = config.channel_link == PELLUCID_CHANNELS_LINKED;
  settings.strength = config.strength;
  settings.attenuation_limit_db = config.attenuation_limit_db;
  settings.post_filter = config.post_filter;
  settings.adaptive = config.adaptive != 0;
  return settings;
}

template <typename Sample>
pellucid_result process_planar(pellucid_denoiser* denoiser, const Sample* const* input, Sample* const* output,
                               size_t frames) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (frames == 0) return PELLUCID_OK;
  if (input == nullptr || output == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  for (size_t c = 0; c < denoiser->denoiser.channels(); ++c) {
    if (input[c] == nullptr || output[c] == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  }
  denoiser->denoiser.process(Channels<const Sample>::planar(input), Channels<Sample>::planar(output), frames);
  return PELLUCID_OK;
}

template <typename Sample>
pellucid_result process_interleaved(pellucid_denoiser* denoiser, const Sample* input, Sample* output, size_t frames) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (frames == 0) return PELLUCID_OK;
  if (input == nullptr || output == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  const size_t channels = denoiser->denoiser.channels();
  denoiser->denoiser.process(Channels<const Sample>::interleaved(input, channels),
                             Channels<Sample>::interleaved(output, channels), frames);
  return PELLUCID_OK;
}

}  // namespace

/// Placement without <new>, which not every freestanding compiler ships.
inline void* operator new(size_t, void* memory, InPlace) noexcept { return memory; }

pellucid_result pellucid_config_init_abi(pellucid_config* config, size_t struct_size, uint32_t abi_version) {
  if (config == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (abi_version != PELLUCID_ABI_VERSION) return PELLUCID_ERROR_ABI_VERSION;
  if (!known_config_size(struct_size)) return PELLUCID_ERROR_STRUCT_SIZE;
  const pellucid_config defaults = default_config(struct_size);
  __builtin_memcpy(config, &defaults, struct_size);
  return PELLUCID_OK;
}

pellucid_result pellucid_size(const pellucid_config* config, size_t* bytes) {
  if (bytes == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  *bytes = 0;
  pellucid_config full;
  ModelFile file;
  const pellucid_result result = check(config, &full, &file);
  if (result != PELLUCID_OK) return result;
  Arena measure;
  measure.take<pellucid_denoiser>(1);
  Denoiser sizes;
  sizes.init(file, settings_of(full), measure);
  if (measure.failed()) return PELLUCID_ERROR_MODEL_UNSUPPORTED;
  *bytes = measure.bytes();
  return PELLUCID_OK;
}

pellucid_result pellucid_init(const pellucid_config* config, void* memory, size_t bytes, pellucid_denoiser** denoiser) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  *denoiser = nullptr;
  if (memory == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (reinterpret_cast<uintptr_t>(memory) % PELLUCID_ALIGNMENT != 0) return PELLUCID_ERROR_MEMORY_ALIGNMENT;
  pellucid_config full;
  ModelFile file;
  const pellucid_result result = check(config, &full, &file);
  if (result != PELLUCID_OK) return result;
  Arena arena(memory, bytes);
  pellucid_denoiser* place = arena.take<pellucid_denoiser>(1);
  if (place == nullptr) return PELLUCID_ERROR_MEMORY_SIZE;
  pellucid_denoiser* made = new (place, InPlace{}) pellucid_denoiser;
  if (!made->denoiser.init(file, settings_of(full), arena)) return PELLUCID_ERROR_MEMORY_SIZE;
  *denoiser = made;
  return PELLUCID_OK;
}

pellucid_result pellucid_process(pellucid_denoiser* denoiser, const float* const* input, float* const* output,
                                 size_t frames) {
  return process_planar(denoiser, input, output, frames);
}

pellucid_result pellucid_process_interleaved(pellucid_denoiser* denoiser, const float* input, float* output,
                                             size_t frames) {
  return process_interleaved(denoiser, input, output, frames);
}

pellucid_result pellucid_process_int16(pellucid_denoiser* denoiser, const int16_t* const* input, int16_t* const* output,
                                       size_t frames) {
  return process_planar(denoiser, input, output, frames);
}

pellucid_result pellucid_process_interleaved_int16(pellucid_denoiser* denoiser, const int16_t* input, int16_t* output,
                                                   size_t frames) {
  return process_interleaved(denoiser, input, output, frames);
}

pellucid_result pellucid_reset(pellucid_denoiser* denoiser) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  denoiser->denoiser.reset();
  return PELLUCID_OK;
}

uint32_t pellucid_latency_samples(const pellucid_denoiser* denoiser) {
  return denoiser == nullptr ? 0 : denoiser->denoiser.latency_samples();
}

uint32_t pellucid_hop_samples(const pellucid_denoiser* denoiser) {
  return denoiser == nullptr ? 0 : denoiser->denoiser.hop_samples();
}

pellucid_result pellucid_set_strength(pellucid_denoiser* denoiser, float strength) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!valid_amount(strength)) return PELLUCID_ERROR_STRENGTH;
  denoiser->denoiser.set_strength(strength);
  return PELLUCID_OK;
}

pellucid_result pellucid_set_attenuation_limit_db(pellucid_denoiser* denoiser, float limit_db) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!valid_limit(limit_db)) return PELLUCID_ERROR_ATTENUATION_LIMIT;
  denoiser->denoiser.set_attenuation_limit_db(limit_db);
  return PELLUCID_OK;
}

pellucid_result pellucid_set_post_filter(pellucid_denoiser* denoiser, float amount) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!valid_amount(amount)) return PELLUCID_ERROR_POST_FILTER;
  denoiser->denoiser.set_post_filter(amount);
  return PELLUCID_OK;
}

pellucid_result pellucid_set_adaptive(pellucid_denoiser* denoiser, int adaptive) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  denoiser->denoiser.set_adaptive(adaptive != 0);
  return PELLUCID_OK;
}

pellucid_result pellucid_set_bypass(pellucid_denoiser* denoiser, int bypass) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  denoiser->denoiser.set_bypass(bypass != 0);
  return PELLUCID_OK;
}

pellucid_result pellucid_get_status(const pellucid_denoiser* denoiser, pellucid_status* status) {
  if (denoiser == nullptr || status == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (status->struct_size != sizeof(pellucid_status)) return PELLUCID_ERROR_STRUCT_SIZE;
  const pellucid::engine::Status known = denoiser->denoiser.status();
  status->voice_probability = known.voice_probability;
  status->voice_active = known.voice_active ? 1 : 0;
  status->snr_db = known.snr_db;
  status->noise_dbfs = known.noise_dbfs;
  status->input_dbfs = known.input_dbfs;
  status->output_dbfs = known.output_dbfs;
  return PELLUCID_OK;
}

void** pellucid::engine::heap_of(pellucid_denoiser* denoiser) { return &denoiser->heap; }
