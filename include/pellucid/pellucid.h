/*
 * Pellucid removes noise from speech while it plays: sound goes in, the same sound without the noise comes out.
 *
 *   #include <pellucid/pellucid.h>
 *   #include <stdio.h>
 *   #include <stdlib.h>
 *
 *   // Reads 32-bit float samples (mono, 48 kHz) from stdin, writes them denoised and time-aligned to stdout.
 *   int main(int argc, char** argv) {
 *     FILE* file = argc > 1 ? fopen(argv[1], "rb") : NULL;       // the model: one file, for example small.pellucid
 *     if (!file) return 1;
 *     fseek(file, 0, SEEK_END);
 *     long bytes = ftell(file);
 *     if (bytes <= 0) return 1;
 *     void* model = malloc((size_t)bytes);
 *     rewind(file);
 *     if (!model || fread(model, 1, (size_t)bytes, file) != (size_t)bytes) return 1;
 *     fclose(file);
 *
 *     pellucid_config config;
 *     pellucid_config_init(&config);                             // defaults: 16 kHz, 1 channel, full strength
 *     config.model = model;
 *     config.model_size = (size_t)bytes;
 *     config.sample_rate_hz = 48000;
 *     pellucid_denoiser* denoiser = NULL;
 *     pellucid_result result = pellucid_create(&config, &denoiser);
 *     free(model);                                               // not needed any more
 *     if (result != PELLUCID_OK) {
 *       fprintf(stderr, "pellucid: %s\n", pellucid_result_text(result));
 *       return 1;
 *     }
 *
 *     float block[480];                                          // any size, also another one at every call
 *     size_t late = pellucid_latency_samples(denoiser), pending = 0, got;
 *     while ((got = fread(block, sizeof(float), 480, stdin)) > 0 || pending > 0) {
 *       if (got > 0) {
 *         pending += got;
 *       } else {                                                 // end of input: push out what is still inside
 *         got = pending + late < 480 ? pending + late : 480;
 *         for (size_t i = 0; i < got; ++i) block[i] = 0.0f;
 *       }
 *       pellucid_process_interleaved(denoiser, block, block, got);
 *       size_t skip = late < got ? late : got, n = got - skip;   // the first `late` samples lie before the start
 *       late -= skip;
 *       if (n > pending) n = pending;
 *       pending -= n;
 *       fwrite(block + skip, sizeof(float), n, stdout);
 *     }
 *     pellucid_destroy(denoiser);
 *     return 0;
 *   }
 *
 * Sound. Samples are float, where full scale is -1 to 1 and louder is fine, or 16-bit integers, where it is 32768: what
 * is between two of those is rounded to the nearer, what is beyond them becomes the last. The two may take turns. A
 * model of integers (int8) hears at its own rate 16 bits of a float sample, so that what it denoises is cut at full
 * scale and has no more than them; at other rates what it denoises is cut where a part of the spectrum is stronger than
 * a sine of 3.1, 10 dB above full scale. The input's share, of strength and bypass, stays as it is. 1 to 32 channels,
 * planar or interleaved; 8000 to 384000 Hz. One model serves every rate: the analysis window keeps its length in
 * seconds (32 ms for a 16 kHz model), so that the network sees the same frequencies. What lies above the model's own
 * range (8 kHz) follows the gain of the model's top quarter; below 16 kHz the network sees nothing where the sound has
 * nothing. Where the window is not a whole number of samples that the Fourier transform can do, the nearest that it can
 * is taken: the network then sees all frequencies shifted, by 0.23 % at 44.1, 22.05 and 11.025 kHz, by at most 2 % at
 * rates that nobody uses, for the models that come with Pellucid; shorter windows and hops are rounded more coarsely.
 *
 * Channels. Each is denoised by itself, as is right where each has a microphone of its own; or they are linked, as is
 * right for a stereo picture that must not move. Linked channels get, in every bin, one real gain: the root of what the
 * network leaves of all channels' power over their power. So they keep their ratios exactly, also where they are out of
 * phase; but noise in one is heard while another speaks.
 *
 * Latency. The output lies pellucid_latency_samples() behind the input, a constant of the rate. To align a file: drop
 * that many samples at the start and feed as many zeros at the end. All work of a hop, for all channels, is done in the
 * call that brings its last sample: of calls shorter than pellucid_hop_samples() most only copy. Calls of that many
 * samples, or whole multiples, cost alike.
 *
 * How much. Strength mixes the input back in. An attenuation limit leaves of every part of the spectrum at least so
 * much. The post-filter weakens what the network left between the harmonics and makes up for the loudness: fewer
 * remains of noise for a little more colour; whether that is better is for ears to say. Adaptive denoising leaves alone
 * what needs none: as the SNR that the status reports goes from 25 to 40 dB or the noise from -65 to -75 dBFS, strength
 * falls with a time constant of one second, after some 5.5 s to the input itself; it rises with one of 45 ms, nine
 * tenths of the way in 0.13 s. Bypass returns the input, at the same delay; the network goes on listening, at the same
 * cost, so that it is there at once when bypass ends.
 *
 * Status. pellucid_get_status tells of the last complete hop whether somebody speaks, how loud the noise is, how far
 * speech lies above it, and the levels of input and output. Speech is what the network keeps and noise what it removes,
 * both as it has them itself: whatever strength, limits, post-filter and bypass make of it. Channels count together, by
 * the mean of their powers, so that the loudest decides. How far to trust it stands in docs/measuring.md: with the
 * model `small` a frame is called rightly speech or not in about nine of ten cases, and noise level and SNR are right
 * within some 2 and 3 dB. Below -60 dBFS or so nothing is taken for speech.
 *
 * Memory. pellucid_create takes its memory from malloc, once. Where there is no heap, or where you want to own it, ask
 * pellucid_size and hand the memory to pellucid_init; nothing has then to be destroyed. Either way the model's bytes
 * are copied: they may go afterwards. Nothing else ever allocates, locks, throws, logs or calls the system, so every
 * function but create and destroy may be called from an audio callback. Of the stack size, init and create take up to
 * 48 kB, processing 4 kB, with models of integers (int8) 40 kB.
 *
 * Threads. One thread at a time may process or reset a denoiser; the pellucid_set_ functions may be called from any
 * thread meanwhile, and take effect without a click over the next hop (16 ms). So may pellucid_get_status, whose
 * numbers are then all of the same hop; it waits for nobody. Denoisers are independent of one another.
 *
 * Bad values. A sample that is NaN, infinite or subnormal is taken as 0, one beyond -1e9 to 1e9 as that; nothing that
 * goes in can spoil what follows, and no part of the spectrum comes out more than four times (12 dB) as loud as it went
 * in. A model's bytes are treated as hostile: a damaged or foreign file gives a result code, never a crash. Every
 * function checks its pointers and ranges and returns a pellucid_result; pellucid_result_text says it in a sentence.
 *
 * Versions. The library and this header agree when PELLUCID_ABI_VERSION does; pellucid_config_init checks that.
 * Structs start with their size and only ever grow at the end, so a program built against an older header of the same
 * ABI keeps working.
 */
#ifndef PELLUCID_PELLUCID_H
#define PELLUCID_PELLUCID_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(PELLUCID_SHARED)
#ifdef PELLUCID_BUILDING
#define PELLUCID_API __declspec(dllexport)
#else
#define PELLUCID_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define PELLUCID_API __attribute__((visibility("default")))
#else
#define PELLUCID_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library this header came with. */
#define PELLUCID_VERSION_MAJOR 0
#define PELLUCID_VERSION_MINOR 1
#define PELLUCID_VERSION_PATCH 0
/* Changes when a program has to be built again. */
#define PELLUCID_ABI_VERSION 1

/* Memory handed to pellucid_init starts at a multiple of this many bytes. */
#define PELLUCID_ALIGNMENT 64

#define PELLUCID_MIN_SAMPLE_RATE_HZ 8000
#define PELLUCID_MAX_SAMPLE_RATE_HZ 384000
#define PELLUCID_MAX_CHANNELS 32
/* An attenuation limit of this many dB or more is none. */
#define PELLUCID_NO_ATTENUATION_LIMIT_DB 100.0f

/* What came of a call; pellucid_result_text has a sentence for each. */
typedef enum pellucid_result {
  PELLUCID_OK = 0,
  PELLUCID_ERROR_NULL_POINTER = 1,       /* a pointer that has to point somewhere is null */
  PELLUCID_ERROR_ABI_VERSION = 2,        /* program and library were built against incompatible headers */
  PELLUCID_ERROR_STRUCT_SIZE = 3,        /* struct_size is not that of any version of the struct that is known */
  PELLUCID_ERROR_SAMPLE_RATE = 4,        /* outside 8000 to 384000 Hz */
  PELLUCID_ERROR_CHANNELS = 5,           /* outside 1 to 32 */
  PELLUCID_ERROR_STRENGTH = 6,           /* outside 0 to 1, or not a number */
  PELLUCID_ERROR_ATTENUATION_LIMIT = 7,  /* below 0 dB, or not a number */
  PELLUCID_ERROR_MEMORY_SIZE = 8,        /* less memory than pellucid_size asks for */
  PELLUCID_ERROR_MEMORY_ALIGNMENT = 9,   /* memory does not start at a multiple of PELLUCID_ALIGNMENT */
  PELLUCID_ERROR_OUT_OF_MEMORY = 10,     /* malloc had nothing left */
  PELLUCID_ERROR_MODEL_FORMAT = 11,      /* the bytes are no Pellucid model */
  PELLUCID_ERROR_MODEL_VERSION = 12,     /* a Pellucid model of a version this library does not read */
  PELLUCID_ERROR_MODEL_TRUNCATED = 13,   /* the model is cut short (or has bytes too many) */
  PELLUCID_ERROR_MODEL_DAMAGED = 14,     /* the model's checksum or structure is broken */
  PELLUCID_ERROR_MODEL_UNSUPPORTED = 15, /* an intact model whose network this library cannot run */
  PELLUCID_ERROR_CHANNEL_LINK = 16,      /* none of pellucid_channel_link */
  PELLUCID_ERROR_POST_FILTER = 17        /* outside 0 to 1, or not a number */
} pellucid_result;

/* What channels have to do with one another; see "Channels" above. */
typedef enum pellucid_channel_link {
  PELLUCID_CHANNELS_INDEPENDENT = 0,
  PELLUCID_CHANNELS_LINKED = 1
} pellucid_channel_link;

/* How to denoise. Fill it with pellucid_config_init, then change what you want. */
typedef struct pellucid_config {
  size_t struct_size;         /* set by pellucid_config_init */
  const void* model;          /* the model file's bytes, at any address; read during size, init and create only */
  size_t model_size;          /* their number */
  uint32_t sample_rate_hz;    /* 8000 to 384000; default 16000 */
  uint32_t channels;          /* 1 to 32; default 1 */
  float strength;             /* 0 (output = input, delayed) to 1 (as clean as the model can); default 1 */
  float attenuation_limit_db; /* weaken nothing by more than this, 0 or more; default: no limit */
  /* The first form of this struct ended here. */
  uint32_t channel_link; /* a pellucid_channel_link; default: independent */
  float post_filter;     /* 0 (none) to 1 (all of it); default 0 */
  /* Its second form ended here. */
  uint32_t adaptive; /* any value but 0: what needs no denoising is left alone; default 0 */
  /* Its third form ends here; where pointers have 64 bits, 4 bytes of padding follow. A next field of 4 would not
   * change struct_size, which tells the forms apart: let it have 8. */
} pellucid_config;

/* A denoiser: what the sound so far has left behind, and the network. */
typedef struct pellucid_denoiser pellucid_denoiser;

/* Fills `config` with defaults, checking that the library fits this header; use pellucid_config_init. */
PELLUCID_API pellucid_result pellucid_config_init_abi(pellucid_config* config, size_t struct_size,
                                                      uint32_t abi_version);

/* Fills `config` with defaults. PELLUCID_ERROR_ABI_VERSION when the library does not fit this header. */
static inline pellucid_result pellucid_config_init(pellucid_config* config) {
  return pellucid_config_init_abi(config, sizeof(pellucid_config), PELLUCID_ABI_VERSION);
}

/* Checks the whole config, the model included, and says how many bytes pellucid_init will want. */
PELLUCID_API pellucid_result pellucid_size(const pellucid_config* config, size_t* bytes);

/* Makes a denoiser in `memory` (at least pellucid_size bytes, aligned to PELLUCID_ALIGNMENT), which it fills for as
 * long as it is used. Do not destroy it: just stop using it. On an error *denoiser is null. */
PELLUCID_API pellucid_result pellucid_init(const pellucid_config* config, void* memory, size_t bytes,
                                           pellucid_denoiser** denoiser);

/* Makes a denoiser in memory from malloc. On an error *denoiser is null. */
PELLUCID_API pellucid_result pellucid_create(const pellucid_config* config, pellucid_denoiser** denoiser);

/* Frees what pellucid_create made; null is allowed. */
PELLUCID_API void pellucid_destroy(pellucid_denoiser* denoiser);

/* Denoises `frames` samples a channel, any number of them: input[channel][frame] to output[channel][frame]. A channel's
 * output may be its input; other overlaps are not allowed. */
PELLUCID_API pellucid_result pellucid_process(pellucid_denoiser* denoiser, const float* const* input,
                                              float* const* output, size_t frames);

/* The same for interleaved channels: input[frame * channels + channel]. `output` may be `input`. */
PELLUCID_API pellucid_result pellucid_process_interleaved(pellucid_denoiser* denoiser, const float* input,
                                                          float* output, size_t frames);

/* Both for 16-bit samples. What pellucid_process says of overlaps holds. */
PELLUCID_API pellucid_result pellucid_process_int16(pellucid_denoiser* denoiser, const int16_t* const* input,
                                                    int16_t* const* output, size_t frames);
PELLUCID_API pellucid_result pellucid_process_interleaved_int16(pellucid_denoiser* denoiser, const int16_t* input,
                                                                int16_t* output, size_t frames);

/* Forgets all sound so far, as if new. Settings stay. */
PELLUCID_API pellucid_result pellucid_reset(pellucid_denoiser* denoiser);

/* How many samples the output lies behind the input; 0 for null. */
PELLUCID_API uint32_t pellucid_latency_samples(const pellucid_denoiser* denoiser);

/* How many samples of a channel make a hop, after each of which the network works, settings take effect and the status
 * is new; a constant of model and rate. 0 for null. */
PELLUCID_API uint32_t pellucid_hop_samples(const pellucid_denoiser* denoiser);

/* 0: output = input, delayed, to the bit; 1: as clean as the model can; between: a mix of the two. Any thread. */
PELLUCID_API pellucid_result pellucid_set_strength(pellucid_denoiser* denoiser, float strength);

/* Weaken no part of the spectrum by more than `limit_db` (0 or more): 12 leaves some of the room, 100 or more is no
 * limit. Any thread. */
PELLUCID_API pellucid_result pellucid_set_attenuation_limit_db(pellucid_denoiser* denoiser, float limit_db);

/* The post-filter's share: 0 is none, 1 all of it. Any thread. */
PELLUCID_API pellucid_result pellucid_set_post_filter(pellucid_denoiser* denoiser, float amount);

/* Any value but 0: strength falls to nothing where speech is 40 dB above the noise or the noise below -75 dBFS. Any
 * thread. */
PELLUCID_API pellucid_result pellucid_set_adaptive(pellucid_denoiser* denoiser, int adaptive);

/* Any value but 0: output = input, delayed, to the bit; 0, as at the start: denoised. Any thread. */
PELLUCID_API pellucid_result pellucid_set_bypass(pellucid_denoiser* denoiser, int bypass);

/* What is known of the sound up to the last complete hop (16 ms), of which the output comes the latency later. Levels
 * are root mean squares in dBFS, where a full-scale square wave has 0 dB, and -120 stands for silence. */
typedef struct pellucid_status {
  size_t struct_size;      /* sizeof(pellucid_status): to be set before the call */
  float voice_probability; /* 0 to 1: that somebody speaks */
  uint32_t voice_active;   /* 1 from a probability of one half on and for 96 ms after that, else 0 */
  float snr_db;            /* of the speech while somebody speaks over the noise; -20 to 60, -20 until somebody spoke */
  float noise_dbfs;  /* of the noise, in the band that the network hears (to 8 kHz), averaged over some 0.5 s; to 0 */
  float input_dbfs;  /* of the hop's input */
  float output_dbfs; /* of the hop that becomes output next */
} pellucid_status;

/* Fills `status`, whose struct_size is set; after create and reset with silence. Any thread. */
PELLUCID_API pellucid_result pellucid_get_status(const pellucid_denoiser* denoiser, pellucid_status* status);

/* One sentence in English for any result, also for numbers that are none. Never null. */
PELLUCID_API const char* pellucid_result_text(pellucid_result result);

/* The library's version ("0.1.0") and PELLUCID_ABI_VERSION as it was built. */
PELLUCID_API const char* pellucid_version(void);
PELLUCID_API uint32_t pellucid_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif /* PELLUCID_PELLUCID_H */
