// One row of a product for every row of x, by Xtensa's MAC16: mac16_row.S, whose offsets these are.
#pragma once

#include <stdint.h>

extern "C" {

struct pellucid_mac16_row_task {
  const int16_t* x;      // 0
  uint32_t rows;         // 4
  uint32_t x_step;       // 8, bytes from row to row
  uint32_t turns;        // 12, a quarter of the columns
  const int16_t* w;      // 16, 256 times the weights
  int32_t multiplier;    // 20
  int32_t negative;      // 24
  const int16_t* more;   // 28, residual; null for none
  const int16_t* more2;  // 32, and another; null for none
  int16_t* y;            // 36
  uint32_t y_step;       // 40, bytes, of the residuals too
  uint32_t bias_low;     // 44, 256 times the bias, in 40 bits
  int32_t bias_high;     // 48
  uint32_t shift;        // 52, and 8: at most 31
  int32_t least;         // 56, -32767
};

void pellucid_mac16_row(const pellucid_mac16_row_task* task);
}
