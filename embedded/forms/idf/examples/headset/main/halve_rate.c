#include "halve_rate.h"

enum { kMiddle = HALVE_RATE_TAPS / 2, kPairs = (kMiddle + 1) / 2, kHalf = 16384 };

// Q15, of the taps 1, 3, 5 … beside the middle, on both sides; the others are zero. Kaiser's window, beta 5. The magnitudes
// sum up to 1.67, so that 32 bits hold every sum.
static const int16_t kTaps[kPairs] = {10390, -3348, 1876, -1207, 814, -553, 371, -241, 149, -85, 43, -17};

static void keep(const int16_t* from, int16_t* to) {
  for (int i = 0; i < HALVE_RATE_TAPS - 1; ++i) to[i] = from[i];
}

size_t halve_rate(halve_rate_state* state, const int16_t* in, size_t count, int16_t* out) {
  int16_t line[HALVE_RATE_TAPS + 1];
  keep(state->last, line);
  for (size_t i = 0; i + 1 < count; i += 2) {
    line[HALVE_RATE_TAPS - 1] = in[i];
    line[HALVE_RATE_TAPS] = in[i + 1];
    const int16_t* middle = line + kMiddle;
    int32_t sum = kHalf * middle[0] + kHalf;
    for (int k = 0; k < kPairs; ++k) sum += kTaps[k] * (middle[2 * k + 1] + middle[-2 * k - 1]);
    sum >>= 15;
    out[i / 2] = (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
    keep(line + 2, line);
  }
  keep(line, state->last);
  return count / 2;
}
