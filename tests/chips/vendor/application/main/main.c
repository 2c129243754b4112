// An application of ESP-IDF for a component that brings none.
#include "pellucid_chip_blocks.h"

static uint8_t state[PELLUCID_CHIP_STATE_BYTES] PELLUCID_CHIP_ALIGNED;
static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES] PELLUCID_CHIP_ALIGNED;

void app_main(void) {
  pellucid_chip* denoiser = NULL;
  pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
}
