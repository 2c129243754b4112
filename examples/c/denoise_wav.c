/* A file: reads a 16-bit WAV of any rate and up to 32 channels, writes the same denoised, aligned and as long.
 *
 *   cc denoise_wav.c $(pkg-config --cflags --libs pellucid) -o denoise_wav
 *   denoise_wav MODEL noisy.wav clean.wav
 */
#include <pellucid/pellucid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole file in memory; null when it cannot be read or is empty. */
static unsigned char* read_file(const char* name, size_t* size) {
  FILE* file = fopen(name, "rb");
  unsigned char* bytes = NULL;
  long length = -1;
  if (!file) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) length = ftell(file);
  if (length > 0) bytes = malloc((size_t)length);
  rewind(file);
  if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
    free(bytes);
    bytes = NULL;
  }
  fclose(file);
  *size = bytes ? (size_t)length : 0;
  return bytes;
}

static uint32_t little(const unsigned char* at, int bytes) {
  uint32_t value = 0;
  while (bytes-- > 0) value = value << 8 | at[bytes];
  return value;
}

/* Where the chunk `id` has its content, and how much of it there is; 0 when there is none. */
static size_t find_chunk(const unsigned char* wav, size_t size, const char* id, size_t* length) {
  size_t at = 12;
  if (size < 12 || memcmp(wav, "RIFF", 4) != 0 || memcmp(wav + 8, "WAVE", 4) != 0) return 0;
  while (at + 8 <= size) {
    const size_t room = size - at - 8, stated = little(wav + at + 4, 4);
    *length = stated < room ? stated : room;
    if (memcmp(wav + at, id, 4) == 0) return at + 8;
    at += 8 + *length + (*length & 1);
  }
  return 0;
}

/* Whether `fmt` says samples of 16 bits; with more than two channels it is the extensible form that says it. */
static int is_pcm16(const unsigned char* fmt, size_t length) {
  uint32_t code = length < 16 ? 0 : little(fmt, 2);
  if (code == 0xfffe && length >= 26) code = little(fmt + 24, 2);
  return code == 1 && little(fmt + 14, 2) == 16;
}

static int fail(const char* what, const char* name) {
  fprintf(stderr, "denoise_wav: %s: %s\n", name, what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: denoise_wav MODEL noisy.wav clean.wav\n");
    return 2;
  }
  size_t model_size, size, format_size, data_size;
  unsigned char* model = read_file(argv[1], &model_size);
  if (!model) return fail("cannot be read", argv[1]);
  unsigned char* wav = read_file(argv[2], &size);
  if (!wav) return fail("cannot be read", argv[2]);
  const size_t format = find_chunk(wav, size, "fmt ", &format_size), data = find_chunk(wav, size, "data", &data_size);
  if (!format || !data || !is_pcm16(wav + format, format_size)) return fail("is no WAV of 16-bit samples", argv[2]);

  pellucid_config config;
  pellucid_denoiser* denoiser = NULL;
  pellucid_result result = pellucid_config_init(&config);
  config.model = model;
  config.model_size = model_size;
  config.channels = little(wav + format + 2, 2);
  config.sample_rate_hz = little(wav + format + 4, 4);
  if (result == PELLUCID_OK) result = pellucid_create(&config, &denoiser);
  free(model); /* copied */
  if (result != PELLUCID_OK) {
    const int of_model = result >= PELLUCID_ERROR_MODEL_FORMAT && result <= PELLUCID_ERROR_MODEL_UNSUPPORTED;
    return fail(pellucid_result_text(result), argv[of_model ? 1 : 2]);
  }

  /* The sound, then as much silence as the output lies behind: what comes out after the delay is aligned. */
  const size_t frames = data_size / (2 * config.channels), late = pellucid_latency_samples(denoiser);
  const size_t count = (frames + late) * config.channels;
  int16_t* samples = calloc(count ? count : 1, sizeof *samples);
  if (!samples) return fail("is too long for this memory", argv[2]);
  for (size_t i = 0; i < frames * config.channels; ++i) samples[i] = (int16_t)little(wav + data + 2 * i, 2);
  result = pellucid_process_interleaved_int16(denoiser, samples, samples, frames + late);
  pellucid_destroy(denoiser);
  if (result != PELLUCID_OK) return fail(pellucid_result_text(result), argv[2]);
  for (size_t i = 0; i < frames * config.channels; ++i) {
    const uint16_t sample = (uint16_t)samples[late * config.channels + i];
    wav[data + 2 * i] = (unsigned char)(sample & 0xff);
    wav[data + 2 * i + 1] = (unsigned char)(sample >> 8);
  }
  free(samples);

  FILE* out = fopen(argv[3], "wb");
  const int written = out && fwrite(wav, 1, size, out) == size;
  const int closed = out && fclose(out) == 0;
  free(wav);
  return written && closed ? 0 : fail("cannot be written", argv[3]);
}
