// The microphone's side of Bluetooth's hands-free profile, where the chip has it and CONFIG_PELLUCID_CHIP_HFP is set.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Pairing and the connection are the application's (ESP-IDF's example hfp_hf has them); this gives it the samples.
void hands_free_start(void);
/// False when there is no Bluetooth: the samples go elsewhere. What finds no room is lost: three hops wait at most.
bool hands_free_send(const int16_t* samples, size_t count);
