// Four rows share what they load of x.
#include "nn/integer_kernels.hpp"

void pellucid::nn::pellucid_multiply_rows(const int8_t* w, const int16_t* x, uint32_t rows, uint32_t columns,
                                          int32_t* sums) {
  uint32_t r = 0;
  for (; r + 4 <= rows; r += 4, w += 4 * columns) {
    const int8_t *w1 = w + columns, *w2 = w1 + columns, *w3 = w2 + columns;
    int32_t s0 = sums[r], s1 = sums[r + 1], s2 = sums[r + 2], s3 = sums[r + 3];
    for (uint32_t i = 0; i < columns; ++i) {
      const int32_t value = x[i];
      s0 += w[i] * value;
      s1 += w1[i] * value;
      s2 += w2[i] * value;
      s3 += w3[i] * value;
    }
    sums[r] = s0, sums[r + 1] = s1, sums[r + 2] = s2, sums[r + 3] = s3;
  }
  for (; r < rows; ++r, w += columns) {
    int32_t sum = sums[r];
    for (uint32_t i = 0; i < columns; ++i) sum += w[i] * x[i];
    sums[r] = sum;
  }
}
