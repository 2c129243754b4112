#include "hands_free.h"

#if CONFIG_PELLUCID_CHIP_HFP

#include <stdatomic.h>

#include "freertos/FreeRTOS.h"
#include "freertos/stream_buffer.h"
#include "halve_rate.h"
#include "pellucid_chip_blocks.h"

#if PELLUCID_CHIP_SAMPLE_RATE_HZ != 16000
#error "The hands-free profile takes 16 kHz: export a model of that rate."
#endif

enum { kNoCall, kCvsd, kMsbc };

// Hops of 256 samples go in, blocks of mSBC (120 samples) are taken: between them is room for three hops.
enum { kRoom = 3 * PELLUCID_CHIP_HOP_SAMPLES * sizeof(int16_t) };
static StreamBufferHandle_t waiting;
static atomic_int codec = kNoCall;
static atomic_bool stale;  // what waits is of another call

// Bluedroid asks for what it is about to encode. Less than it wants means silence for this block.
static uint32_t on_outgoing(uint8_t* bytes, uint32_t size) {
  // Here, as only the task that takes may empty the buffer while another fills it.
  if (atomic_exchange(&stale, false)) {
    while (xStreamBufferReceive(waiting, bytes, size, 0) > 0) continue;
  }
  if (xStreamBufferBytesAvailable(waiting) < size) return 0;
  return (uint32_t)xStreamBufferReceive(waiting, bytes, size, 0);
}

static void on_incoming(const uint8_t* bytes, uint32_t size) {
  (void)bytes, (void)size;  // the far end's voice: to the loudspeaker
}

void hands_free_start(void) { waiting = xStreamBufferCreate(kRoom, PELLUCID_CHIP_MSBC_SAMPLES * sizeof(int16_t)); }

void hands_free_on_event(esp_hf_client_cb_event_t event, esp_hf_client_cb_param_t* param) {
  if (event != ESP_HF_CLIENT_AUDIO_STATE_EVT) return;
  const esp_hf_client_audio_state_t state = param->audio_stat.state;
  const bool wide = state == ESP_HF_CLIENT_AUDIO_STATE_CONNECTED_MSBC;
  if (!wide && state != ESP_HF_CLIENT_AUDIO_STATE_CONNECTED) {
    atomic_store(&codec, kNoCall);
    return;
  }
  atomic_store(&stale, true);
  atomic_store(&codec, wide ? kMsbc : kCvsd);
  esp_hf_client_register_data_callback(on_incoming, on_outgoing);  // refused while Bluetooth is off
}

bool hands_free_send(const int16_t* samples, size_t count) {
  static halve_rate_state halver;
  static int16_t narrow[PELLUCID_CHIP_HOP_SAMPLES / 2];
  const int now = atomic_load(&codec);
  if (now != kCvsd) halver = (halve_rate_state){0};
  if (now == kNoCall) return true;
  if (now == kCvsd) {
    count = halve_rate(&halver, samples, count, narrow);
    samples = narrow;
  }
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
