// A stand-in for ESP-IDF's: names and types of its I2S driver as of version 5.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
typedef void* i2s_chan_handle_t;
typedef struct {
  int id, role;
  uint32_t dma_desc_num, dma_frame_num;
} i2s_chan_config_t;
typedef struct {
  uint32_t sample_rate_hz;
} i2s_std_clk_config_t;
typedef struct {
  int data_bit_width, slot_mode;
} i2s_std_slot_config_t;
typedef struct {
  int mclk, bclk, ws, dout, din;
} i2s_std_gpio_config_t;
typedef struct {
  i2s_std_clk_config_t clk_cfg;
  i2s_std_slot_config_t slot_cfg;
  i2s_std_gpio_config_t gpio_cfg;
} i2s_std_config_t;
enum { I2S_NUM_0, I2S_ROLE_MASTER, I2S_DATA_BIT_WIDTH_32BIT = 32, I2S_SLOT_MODE_MONO = 1, I2S_GPIO_UNUSED = -1 };
#define I2S_CHANNEL_DEFAULT_CONFIG(n, r) \
  { .id = n, .role = r, .dma_desc_num = 6, .dma_frame_num = 240 }
#define I2S_STD_CLK_DEFAULT_CONFIG(rate) \
  { .sample_rate_hz = rate }
#define I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(bits, mode) \
  { .data_bit_width = bits, .slot_mode = mode }
esp_err_t i2s_new_channel(const i2s_chan_config_t* config, i2s_chan_handle_t* tx, i2s_chan_handle_t* rx);
esp_err_t i2s_channel_init_std_mode(i2s_chan_handle_t handle, const i2s_std_config_t* config);
esp_err_t i2s_channel_enable(i2s_chan_handle_t handle);
esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void* to, size_t bytes, size_t* done, uint32_t ms);
esp_err_t i2s_channel_write(i2s_chan_handle_t handle, const void* from, size_t bytes, size_t* done, uint32_t ms);
