// The microphone's side of Bluetooth's hands-free profile, where the chip has it and CONFIG_PELLUCID_CHIP_HFP is set.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdkconfig.h"

/// Before Bluetooth starts. Pairing and the connection are the application's (ESP-IDF's example hfp_hf has them); this
/// gives it the samples.
void hands_free_start(void);
/// False when there is no Bluetooth: the samples go elsewhere. They are lost while there is no call, and in one what finds
/// no room: three hops wait at most. A phone that talks mSBC gets them as they are, one that talks CVSD at 8 kHz.
bool hands_free_send(const int16_t* samples, size_t count);

#if CONFIG_PELLUCID_CHIP_HFP
#include "esp_hf_client_api.h"
/// For esp_hf_client_register_callback, or to be called from the callback that the application has there: it tells when a
/// call's sound starts and ends, and by which codec.
void hands_free_on_event(esp_hf_client_cb_event_t event, esp_hf_client_cb_param_t* param);
#endif
