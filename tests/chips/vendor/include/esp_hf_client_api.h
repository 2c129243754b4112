// A stand-in for ESP-IDF's.
#pragma once
#include <stdint.h>

#include "esp_err.h"
typedef void (*esp_hf_client_incoming_data_cb_t)(const uint8_t* buf, uint32_t len);
typedef uint32_t (*esp_hf_client_outgoing_data_cb_t)(uint8_t* buf, uint32_t len);
esp_err_t esp_hf_client_register_data_callback(esp_hf_client_incoming_data_cb_t recv,
                                               esp_hf_client_outgoing_data_cb_t send);
void esp_hf_client_outgoing_data_ready(void);
