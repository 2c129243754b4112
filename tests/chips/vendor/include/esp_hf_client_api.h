// A stand-in for ESP-IDF's.
#pragma once
#include <stdint.h>

#include "esp_err.h"
typedef enum {
  ESP_HF_CLIENT_AUDIO_STATE_DISCONNECTED = 0,
  ESP_HF_CLIENT_AUDIO_STATE_CONNECTING,
  ESP_HF_CLIENT_AUDIO_STATE_CONNECTED,
  ESP_HF_CLIENT_AUDIO_STATE_CONNECTED_MSBC,
} esp_hf_client_audio_state_t;
typedef enum { ESP_HF_CLIENT_CONNECTION_STATE_EVT = 0, ESP_HF_CLIENT_AUDIO_STATE_EVT } esp_hf_client_cb_event_t;
typedef union {
  struct {
    esp_hf_client_audio_state_t state;
  } audio_stat;
} esp_hf_client_cb_param_t;
typedef void (*esp_hf_client_incoming_data_cb_t)(const uint8_t* buf, uint32_t len);
typedef uint32_t (*esp_hf_client_outgoing_data_cb_t)(uint8_t* buf, uint32_t len);
esp_err_t esp_hf_client_register_data_callback(esp_hf_client_incoming_data_cb_t recv,
                                               esp_hf_client_outgoing_data_cb_t send);
void esp_hf_client_outgoing_data_ready(void);
