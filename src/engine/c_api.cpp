// include/pellucid/pellucid.h, without what needs a heap (c_api_heap.cpp).
#define PELLUCID_BUILDING
#include "engine/c_api.hpp"

#include "engine/denoiser.hpp"

using pellucid::dsp::Arena;
using pellucid::engine::Denoiser;
using pellucid::engine::Settings;
using pellucid::engine::Sink;
using pellucid::engine::Source;
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

bool valid_strength(float strength) { return strength >= 0.0f && strength <= 1.0f; }

bool valid_limit(float limit_db) { return limit_db >= 0.0f; }

pellucid_result check(const pellucid_config* config, ModelFile* file) {
  if (config == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (config->struct_size != sizeof(pellucid_config)) return PELLUCID_ERROR_STRUCT_SIZE;
  if (config->model == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (config->sample_rate_hz < PELLUCID_MIN_SAMPLE_RATE_HZ || config->sample_rate_hz > PELLUCID_MAX_SAMPLE_RATE_HZ) {
    return PELLUCID_ERROR_SAMPLE_RATE;
  }
  if (config->channels < 1 || config->channels > PELLUCID_MAX_CHANNELS) return PELLUCID_ERROR_CHANNELS;
  if (!valid_strength(config->strength)) return PELLUCID_ERROR_STRENGTH;
  if (!valid_limit(config->attenuation_limit_db)) return PELLUCID_ERROR_ATTENUATION_LIMIT;
  const ModelStatus status = file->parse(config->model, config->model_size).status;
  if (status != ModelStatus::kOk) return result_of(status);
  if (pellucid::engine::window_for(file->architecture(), config->sample_rate_hz) == 0) {
    return PELLUCID_ERROR_MODEL_UNSUPPORTED;
  }
  return PELLUCID_OK;
}

Settings settings_of(const pellucid_config& config) {
  return {config.sample_rate_hz, config.channels, config.strength, config.attenuation_limit_db};
}

}  // namespace

/// Placement without <new>, which not every freestanding compiler ships.
inline void* operator new(size_t, void* memory, InPlace) noexcept { return memory; }

pellucid_result pellucid_config_init_abi(pellucid_config* config, size_t struct_size, uint32_t abi_version) {
  if (config == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (abi_version != PELLUCID_ABI_VERSION) return PELLUCID_ERROR_ABI_VERSION;
  if (struct_size != sizeof(pellucid_config)) return PELLUCID_ERROR_STRUCT_SIZE;
  *config = {};
  config->struct_size = struct_size;
  config->sample_rate_hz = 16000;
  config->channels = 1;
  config->strength = 1.0f;
  config->attenuation_limit_db = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  return PELLUCID_OK;
}

pellucid_result pellucid_size(const pellucid_config* config, size_t* bytes) {
  if (bytes == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  *bytes = 0;
  ModelFile file;
  const pellucid_result result = check(config, &file);
  if (result != PELLUCID_OK) return result;
  Arena measure;
  measure.take<pellucid_denoiser>(1);
  Denoiser sizes;
  sizes.init(file, settings_of(*config), measure);
  if (measure.failed()) return PELLUCID_ERROR_MODEL_UNSUPPORTED;
  *bytes = measure.bytes();
  return PELLUCID_OK;
}

pellucid_result pellucid_init(const pellucid_config* config, void* memory, size_t bytes, pellucid_denoiser** denoiser) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  *denoiser = nullptr;
  if (memory == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (reinterpret_cast<uintptr_t>(memory) % PELLUCID_ALIGNMENT != 0) return PELLUCID_ERROR_MEMORY_ALIGNMENT;
  ModelFile file;
  const pellucid_result result = check(config, &file);
  if (result != PELLUCID_OK) return result;
  Arena arena(memory, bytes);
  pellucid_denoiser* place = arena.take<pellucid_denoiser>(1);
  if (place == nullptr) return PELLUCID_ERROR_MEMORY_SIZE;
  pellucid_denoiser* made = new (place, InPlace{}) pellucid_denoiser;
  if (!made->denoiser.init(file, settings_of(*config), arena)) return PELLUCID_ERROR_MEMORY_SIZE;
  *denoiser = made;
  return PELLUCID_OK;
}

pellucid_result pellucid_process(pellucid_denoiser* denoiser, const float* const* input, float* const* output,
                                 size_t frames) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (frames == 0) return PELLUCID_OK;
  if (input == nullptr || output == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  for (size_t c = 0; c < denoiser->denoiser.channels(); ++c) {
    if (input[c] == nullptr || output[c] == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  }
  denoiser->denoiser.process(Source::planar(input), Sink::planar(output), frames);
  return PELLUCID_OK;
}

pellucid_result pellucid_process_interleaved(pellucid_denoiser* denoiser, const float* input, float* output,
                                             size_t frames) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (frames == 0) return PELLUCID_OK;
  if (input == nullptr || output == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  const size_t channels = denoiser->denoiser.channels();
  denoiser->denoiser.process(Source::interleaved(input, channels), Sink::interleaved(output, channels), frames);
  return PELLUCID_OK;
}

pellucid_result pellucid_reset(pellucid_denoiser* denoiser) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  denoiser->denoiser.reset();
  return PELLUCID_OK;
}

uint32_t pellucid_latency_samples(const pellucid_denoiser* denoiser) {
  return denoiser == nullptr ? 0 : denoiser->denoiser.latency_samples();
}

pellucid_result pellucid_set_strength(pellucid_denoiser* denoiser, float strength) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!valid_strength(strength)) return PELLUCID_ERROR_STRENGTH;
  denoiser->denoiser.set_strength(strength);
  return PELLUCID_OK;
}

pellucid_result pellucid_set_attenuation_limit_db(pellucid_denoiser* denoiser, float limit_db) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  if (!valid_limit(limit_db)) return PELLUCID_ERROR_ATTENUATION_LIMIT;
  denoiser->denoiser.set_attenuation_limit_db(limit_db);
  return PELLUCID_OK;
}

void** pellucid::engine::heap_of(pellucid_denoiser* denoiser) { return &denoiser->heap; }
