/* Blocks of any size up to a hop through a denoiser that wants hops: 120 samples (7.5 ms) of a Bluetooth headset's
 * mSBC, 160 samples (10 ms) of LC3.
 *
 *   static pellucid_chip_blocks blocks;
 *   pellucid_chip_blocks_init(&blocks, denoiser, PELLUCID_CHIP_MSBC_SAMPLES);
 *   pellucid_chip_blocks_process(&blocks, samples, samples);      // 120 in, 120 out
 *
 * Most calls only copy; the one that completes a hop denoises it. */
#ifndef PELLUCID_CHIP_BLOCKS_H
#define PELLUCID_CHIP_BLOCKS_H

#include "pellucid_chip.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PELLUCID_CHIP_MSBC_SAMPLES (PELLUCID_CHIP_SAMPLE_RATE_HZ / 400 * 3)
#define PELLUCID_CHIP_LC3_SAMPLES (PELLUCID_CHIP_SAMPLE_RATE_HZ / 100)

/* Owned by the caller; nothing in it is for him. */
typedef struct pellucid_chip_blocks {
  pellucid_chip* denoiser;
  uint16_t block_samples;
  uint16_t taken;   /* of the hop that comes in */
  uint16_t waiting; /* samples that can go out */
  uint16_t next;    /* the first of them */
  uint16_t delay;
  int16_t in[PELLUCID_CHIP_HOP_SAMPLES];
  int16_t out[2 * PELLUCID_CHIP_HOP_SAMPLES];
} pellucid_chip_blocks;

/* PELLUCID_CHIP_ERROR_RANGE unless 1 <= block_samples <= PELLUCID_CHIP_HOP_SAMPLES. */
pellucid_chip_result pellucid_chip_blocks_init(pellucid_chip_blocks* blocks, pellucid_chip* denoiser,
                                               uint32_t block_samples);

/* Takes a block and gives one. in and out may be the same; no other overlap. */
pellucid_chip_result pellucid_chip_blocks_process(pellucid_chip_blocks* blocks, const int16_t* in, int16_t* out);

/* Forgets all sound so far, the denoiser's too. */
pellucid_chip_result pellucid_chip_blocks_reset(pellucid_chip_blocks* blocks);

/* How many samples a block comes out behind the one that goes in: the denoiser's latency and what has to wait for a
 * hop to be full. 504 for mSBC, 480 for LC3 at a hop of 256. 0 for null. */
uint32_t pellucid_chip_blocks_latency_samples(const pellucid_chip_blocks* blocks);

#ifdef __cplusplus
}
#endif

#endif /* PELLUCID_CHIP_BLOCKS_H */
