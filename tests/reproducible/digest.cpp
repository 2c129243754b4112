// Prints a digest of the bits that models make of noise, through the C API: one line for each model file.
#include <pellucid/pellucid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

/// FNV-1a, 64 bits.
uint64_t digest_of(uint64_t digest, const float* values, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) digest = (digest ^ ((bits >> shift) & 0xff)) * 0x100000001b3u;
  }
  return digest;
}

/// A stream of two channels: noise whose loudness steps from silence to clipping.
bool run(const void* model, size_t size, uint32_t rate_hz, uint64_t* digest) {
  pellucid_config config;
  if (pellucid_config_init(&config) != PELLUCID_OK) return false;
  config.model = model;
  config.model_size = size;
  config.sample_rate_hz = rate_hz;
  config.channels = 2;
  config.strength = 0.9f;
  config.attenuation_limit_db = 40.0f;
  pellucid_denoiser* denoiser = nullptr;
  if (pellucid_create(&config, &denoiser) != PELLUCID_OK) return false;
  static constexpr float kLoudness[] = {0.0f, 0.0009765625f, 0.03125f, 0.5f, 1.0f};  // products without rounding
  uint32_t random = rate_hz;
  for (uint32_t block = 0; block < 100; ++block) {
    float samples[2 * 160];
    for (float& x : samples) {
      random = random * 1664525u + 1013904223u;
      x = (static_cast<float>(random >> 8) * 0x1p-23f - 1.0f) * kLoudness[block / 7 % 5];
    }
    if (pellucid_process_interleaved(denoiser, samples, samples, 160) != PELLUCID_OK) return false;
    *digest = digest_of(*digest, samples, 2 * 160);
  }
  pellucid_destroy(denoiser);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    FILE* file = fopen(argv[i], "rb");
    if (file == nullptr) return 1;
    const size_t room = size_t{1} << 24;
    void* model = malloc(room);
    const size_t size = fread(model, 1, room, file);
    fclose(file);
    uint64_t digest = 0xcbf29ce484222325u;
    if (!run(model, size, 16000, &digest) || !run(model, size, 44100, &digest)) return 1;
    free(model);
    const char* slash = strrchr(argv[i], '/');
    printf("%s %08lx%08lx\n", slash != nullptr ? slash + 1 : argv[i], static_cast<unsigned long>(digest >> 32),
           static_cast<unsigned long>(digest & 0xffffffffu));
  }
  return 0;
}
