// 16 kHz to 8 kHz, for the narrow band of telephones: what a half-band filter of linear phase leaves, every other sample.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HALVE_RATE_TAPS = 47 };

/// All zeros at the start.
typedef struct halve_rate_state {
  int16_t last[HALVE_RATE_TAPS - 1];
} halve_rate_state;

/// Takes `count` samples, an even number, and gives half as many, 23 of the incoming (1.4 ms) late. Up to 3.4 kHz nothing
/// changes by more than 0.02 dB; what would be heard below 3.4 kHz, because it lies above 4.6, is weakened by 53 dB. `out`
/// may be `in`.
size_t halve_rate(halve_rate_state* state, const int16_t* in, size_t count, int16_t* out);
