// Microphone -> denoiser -> loudspeaker, or Bluetooth's hands-free profile.
//
// An I2S microphone (INMP441, ICS-43434, SPH0645) gives 24 bits at the top of 32; wiring in Pellucid's
// docs/embedded.md.
#include "driver/i2s_std.h"
#include "esp_err.h"
#include "esp_log.h"
#include "hands_free.h"
#include "pellucid_chip.h"
#include "sdkconfig.h"

#if CONFIG_IDF_TARGET_ESP32
enum { kClock = 26, kWord = 25, kMicrophone = 33, kLoudspeaker = 22 };
#else
enum { kClock = 4, kWord = 5, kMicrophone = 6, kLoudspeaker = 7 };
#endif

static uint8_t state[PELLUCID_CHIP_STATE_BYTES] PELLUCID_CHIP_ALIGNED;
static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES] PELLUCID_CHIP_ALIGNED;
static int32_t raw[PELLUCID_CHIP_HOP_SAMPLES];
static int16_t samples[PELLUCID_CHIP_HOP_SAMPLES];

static void open_i2s(i2s_chan_handle_t* out, i2s_chan_handle_t* in) {
  i2s_chan_config_t channels = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_0, I2S_ROLE_MASTER);
  channels.dma_frame_num = PELLUCID_CHIP_HOP_SAMPLES;
  ESP_ERROR_CHECK(i2s_new_channel(&channels, out, in));
  i2s_std_config_t config = {
      .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(PELLUCID_CHIP_SAMPLE_RATE_HZ),
      .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
      .gpio_cfg = {.mclk = I2S_GPIO_UNUSED, .bclk = kClock, .ws = kWord, .dout = kLoudspeaker, .din = kMicrophone},
  };
  ESP_ERROR_CHECK(i2s_channel_init_std_mode(*out, &config));
  ESP_ERROR_CHECK(i2s_channel_init_std_mode(*in, &config));
  ESP_ERROR_CHECK(i2s_channel_enable(*out));
  ESP_ERROR_CHECK(i2s_channel_enable(*in));
}

void app_main(void) {
  pellucid_chip* denoiser = NULL;
  const pellucid_chip_result result = pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
  if (result != PELLUCID_CHIP_OK) {
    ESP_LOGE("headset", "%s", pellucid_chip_result_text(result));
    return;
  }
  pellucid_chip_set_strength(denoiser, CONFIG_PELLUCID_CHIP_STRENGTH);
  i2s_chan_handle_t out, in;
  open_i2s(&out, &in);
  hands_free_start();
  for (;;) {
    size_t bytes = 0;
    if (i2s_channel_read(in, raw, sizeof raw, &bytes, 1000) != ESP_OK || bytes != sizeof raw) continue;
    for (int i = 0; i < PELLUCID_CHIP_HOP_SAMPLES; ++i) samples[i] = (int16_t)(raw[i] >> 16);
    pellucid_chip_process(denoiser, samples, samples);
    if (hands_free_send(samples, PELLUCID_CHIP_HOP_SAMPLES)) continue;
    for (int i = 0; i < PELLUCID_CHIP_HOP_SAMPLES; ++i) raw[i] = (int32_t)samples[i] * 65536;
    i2s_channel_write(out, raw, sizeof raw, &bytes, 1000);
  }
}
