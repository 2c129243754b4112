// Denoises hops of samples. Fill `samples` from your board's microphone (I2S, PDM): 16 bits, one channel, the model's rate.
#include <pellucid_chip.h>

static uint8_t state[PELLUCID_CHIP_STATE_BYTES] PELLUCID_CHIP_ALIGNED;
static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES] PELLUCID_CHIP_ALIGNED;
static int16_t samples[PELLUCID_CHIP_HOP_SAMPLES];
static pellucid_chip* denoiser;

void setup() {
  Serial.begin(115200);
  const pellucid_chip_result result = pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
  if (result != PELLUCID_CHIP_OK) Serial.println(pellucid_chip_result_text(result));
}

void loop() {
  if (denoiser == nullptr) return;
  const unsigned long before = micros();
  pellucid_chip_process(denoiser, samples, samples);
  Serial.println(micros() - before);  // of the 16000 microseconds that a hop lasts
}
