/* Pellucid on a microcontroller: removes noise from speech, 16-bit samples in and out, integers only, no heap.
 *
 *   static uint8_t state[PELLUCID_CHIP_STATE_BYTES] PELLUCID_CHIP_ALIGNED;
 *   static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES] PELLUCID_CHIP_ALIGNED;
 *   pellucid_chip* denoiser;
 *   pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
 *   for (;;) {
 *     …                                                     // PELLUCID_CHIP_HOP_SAMPLES samples from a microphone
 *     pellucid_chip_process(denoiser, samples, samples);    // now those of the hop before, denoised
 *   }
 *
 * The model is part of the component: pellucid_chip_model.h has its numbers. state is what a microphone leaves behind
 * from hop to hop; scratch is in use only inside pellucid_chip_process: denoisers that take turns may share it, and
 * other code may have it between calls. Functions belong to one task at a time. For blocks of other sizes (mSBC, LC3)
 * see pellucid_chip_blocks.h. */
#ifndef PELLUCID_CHIP_H
#define PELLUCID_CHIP_H

#include <stddef.h>
#include <stdint.h>

#include "pellucid_chip_model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PELLUCID_CHIP_ALIGNMENT 16
#define PELLUCID_CHIP_ALIGNED __attribute__((aligned(PELLUCID_CHIP_ALIGNMENT)))

/* The denoiser's own variables; beside them state holds what the model needs. */
#define PELLUCID_CHIP_OBJECT_BYTES (96 * sizeof(void*))
#define PELLUCID_CHIP_STATE_BYTES (PELLUCID_CHIP_OBJECT_BYTES + PELLUCID_CHIP_MODEL_STATE_BYTES)
#define PELLUCID_CHIP_SCRATCH_BYTES PELLUCID_CHIP_MODEL_SCRATCH_BYTES

/* How many samples pellucid_chip_process gives behind those it takes. */
#define PELLUCID_CHIP_LATENCY_SAMPLES PELLUCID_CHIP_HOP_SAMPLES

typedef enum pellucid_chip_result {
  PELLUCID_CHIP_OK = 0,
  PELLUCID_CHIP_ERROR_NULL = 1,      /* a pointer that must not be null is */
  PELLUCID_CHIP_ERROR_ALIGNMENT = 2, /* memory does not start at a multiple of PELLUCID_CHIP_ALIGNMENT */
  PELLUCID_CHIP_ERROR_SIZE = 3,      /* less memory than PELLUCID_CHIP_STATE_BYTES or …_SCRATCH_BYTES */
  PELLUCID_CHIP_ERROR_RANGE = 4      /* a setting outside its range */
} pellucid_chip_result;

typedef struct pellucid_chip pellucid_chip;

/* Makes a denoiser in `state`. On an error *denoiser is null and neither memory was touched. */
pellucid_chip_result pellucid_chip_init(void* state, size_t state_bytes, void* scratch, size_t scratch_bytes,
                                        pellucid_chip** denoiser);

/* Takes PELLUCID_CHIP_HOP_SAMPLES samples and gives as many. in and out may be the same; no other overlap. */
pellucid_chip_result pellucid_chip_process(pellucid_chip* denoiser, const int16_t* in, int16_t* out);

/* Forgets all sound so far. Settings stay. */
pellucid_chip_result pellucid_chip_reset(pellucid_chip* denoiser);

/* 0: the input comes out to the bit, delayed; 100, as at the start: as clean as the model can. Over the next hop. */
pellucid_chip_result pellucid_chip_set_strength(pellucid_chip* denoiser, int percent);

/* Weaken no part of the spectrum by more than this; 0 or more, 100 or more is no limit, as at the start. */
pellucid_chip_result pellucid_chip_set_attenuation_limit(pellucid_chip* denoiser, int decibels);

/* One sentence for any result. Never null. */
const char* pellucid_chip_result_text(pellucid_chip_result result);

#ifdef __cplusplus
}
#endif

#endif /* PELLUCID_CHIP_H */
