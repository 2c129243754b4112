// The C API as WebAssembly functions: one denoiser an instance, its channels' samples in memory that JavaScript sees.
// Nothing is ever given back: whoever drops the instance drops it all.
#include <pellucid/pellucid.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

extern unsigned char __heap_base; /* where the linker's own data end */

static unsigned char* next_free;
static pellucid_denoiser* denoiser;
static float* samples[PELLUCID_MAX_CHANNELS];
static float status_values[6];

/* `bytes` of memory at a multiple of PELLUCID_ALIGNMENT; null when there is no more. */
void* EXPORT(take)(size_t bytes) {
  const size_t page = 65536;
  uintptr_t start = (uintptr_t)(next_free != NULL ? next_free : &__heap_base);
  start = (start + PELLUCID_ALIGNMENT - 1) / PELLUCID_ALIGNMENT * PELLUCID_ALIGNMENT;
  if (bytes > SIZE_MAX - page - start) return NULL;
  const size_t pages = (start + bytes + page - 1) / page, have = __builtin_wasm_memory_size(0);
  if (pages > have && __builtin_wasm_memory_grow(0, pages - have) == SIZE_MAX) return NULL;
  next_free = (unsigned char*)(start + bytes);
  return (void*)start;
}

/* Makes the denoiser, and room for `frames` samples a channel. */
pellucid_result EXPORT(create)(const void* model, size_t model_size, uint32_t sample_rate_hz, uint32_t channels,
                               float strength, float attenuation_limit_db, uint32_t channel_link, float post_filter,
                               uint32_t adaptive, size_t frames) {
  pellucid_config config;
  pellucid_result result = pellucid_config_init(&config);
  if (result != PELLUCID_OK) return result;
  config.model = model;
  config.model_size = model_size;
  config.sample_rate_hz = sample_rate_hz;
  config.channels = channels;
  config.strength = strength;
  config.attenuation_limit_db = attenuation_limit_db;
  config.channel_link = channel_link;
  config.post_filter = post_filter;
  config.adaptive = adaptive;
  size_t bytes;
  result = pellucid_size(&config, &bytes);
  if (result != PELLUCID_OK) return result;
  for (uint32_t c = 0; c < channels; ++c) {
    samples[c] = take(frames * sizeof(float));
    if (samples[c] == NULL) return PELLUCID_ERROR_OUT_OF_MEMORY;
  }
  void* memory = take(bytes);
  if (memory == NULL) return PELLUCID_ERROR_OUT_OF_MEMORY;
  return pellucid_init(&config, memory, bytes, &denoiser);
}

/* Where a channel's samples stand: input before `process`, output after it. */
float* EXPORT(channel)(uint32_t index) { return samples[index]; }

pellucid_result EXPORT(process)(size_t frames) {
  return pellucid_process(denoiser, (const float* const*)samples, samples, frames);
}

pellucid_result EXPORT(reset)(void) { return pellucid_reset(denoiser); }
uint32_t EXPORT(latency)(void) { return pellucid_latency_samples(denoiser); }
pellucid_result EXPORT(set_strength)(float strength) { return pellucid_set_strength(denoiser, strength); }
pellucid_result EXPORT(set_post_filter)(float amount) { return pellucid_set_post_filter(denoiser, amount); }
pellucid_result EXPORT(set_adaptive)(int adaptive) { return pellucid_set_adaptive(denoiser, adaptive); }
pellucid_result EXPORT(set_bypass)(int bypass) { return pellucid_set_bypass(denoiser, bypass); }
pellucid_result EXPORT(set_attenuation_limit_db)(float limit_db) {
  return pellucid_set_attenuation_limit_db(denoiser, limit_db);
}

/* Voice probability, voice active (0 or 1), SNR, noise, input and output level. */
const float* EXPORT(status)(void) {
  pellucid_status status;
  status.struct_size = sizeof status;
  if (pellucid_get_status(denoiser, &status) != PELLUCID_OK) return NULL;
  status_values[0] = status.voice_probability;
  status_values[1] = status.voice_active != 0 ? 1.0f : 0.0f;
  status_values[2] = status.snr_db;
  status_values[3] = status.noise_dbfs;
  status_values[4] = status.input_dbfs;
  status_values[5] = status.output_dbfs;
  return status_values;
}

const char* EXPORT(result_text)(pellucid_result result) { return pellucid_result_text(result); }
const char* EXPORT(version)(void) { return pellucid_version(); }
