// A stand-in for what `pellucid export` writes.
#pragma once
#define PELLUCID_CHIP_SAMPLE_RATE_HZ 16000
#define PELLUCID_CHIP_HOP_SAMPLES 256
#define PELLUCID_CHIP_MODEL_STATE_BYTES 16
#define PELLUCID_CHIP_MODEL_SCRATCH_BYTES 16
