#include "hands_free.h"

#include "sdkconfig.h"

#if CONFIG_PELLUCID_CHIP_HFP

#include "esp_hf_client_api.h"
#include "freertos/FreeRTOS.h"
#include "freertos/stream_buffer.h"
#include "pellucid_chip_blocks.h"

// Hops of 256 samples go in, blocks of mSBC (120 samples) are taken: between them is room for three hops.
enum { kRoom = 3 * PELLUCID_CHIP_HOP_SAMPLES * sizeof(int16_t) };
static StreamBufferHandle_t waiting;

// Bluedroid asks for what it is about to encode. Less than it wants means silence for this block.
static uint32_t on_outgoing(uint8_t* bytes, uint32_t size) {
  if (xStreamBufferBytesAvailable(waiting) < size) return 0;
  return (uint32_t)xStreamBufferReceive(waiting, bytes, size, 0);
}

static void on_incoming(const uint8_t* bytes, uint32_t size) {
  (void)bytes, (void)size;  // the far end's voice: to the loudspeaker
}

void hands_free_start(void) {
  waiting = xStreamBufferCreate(kRoom, PELLUCID_CHIP_MSBC_SAMPLES * sizeof(int16_t));
  esp_hf_client_register_data_callback(on_incoming, on_outgoing);
}

bool hands_free_send(const int16_t* samples, size_t count) {
  const size_t bytes = count * sizeof *samples;
  if (xStreamBufferSpacesAvailable(waiting) >= bytes) {
    xStreamBufferSend(waiting, samples, bytes, 0);
    esp_hf_client_outgoing_data_ready();
  }
  return true;
}

#else

void hands_free_start(void) {}

bool hands_free_send(const int16_t* samples, size_t count) {
  (void)samples, (void)count;
  return false;
}

#endif
