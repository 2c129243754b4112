// Products for Xtensa's MAC16 (ESP32, ESP32-S3): a row of weights is widened once and then used for every row of x, with scale
// and bias in registers. Mixings, whose weights serve few columns, go through multiply_mac16.S.
#include "kernels/chip_kernels.hpp"
#include "kernels/mac16_row.hpp"
#include "nn/integer_row.hpp"

namespace pellucid::chip {
namespace {

constexpr uint32_t kMostColumns = 256, kMostShift = 23;

/// [columns] of WeightOrder::kMac16 -> 256 times the weights in their own order, and one word that is read, not used.
void widen(const int8_t* w, uint32_t columns, uint32_t* wide) {
  const auto* words = reinterpret_cast<const uint32_t*>(w);
  constexpr uint32_t kHigh = 0xff00ff00u;
  for (uint32_t i = 0; i < columns / 4; ++i) {
    const uint32_t four = words[i];
    wide[2 * i] = four & kHigh;
    wide[2 * i + 1] = (four << 8) & kHigh;
  }
}

void affine(const nn::IntegerAffine& a) {
  const nn::IntegerProduct& p = *a.product;
  uint32_t wide[kMostColumns / 2 + 1];
  pellucid_mac16_row_task task = {};
  task.rows = a.rows;
  task.x_step = 2 * a.x_stride;
  task.y_step = 2 * p.rows;
  task.turns = p.columns / 4;
  task.w = reinterpret_cast<const int16_t*>(wide);
  task.least = -32767;
  for (uint32_t o = 0; o < p.rows; ++o) {
    const nn::RowScale& scale = p.scale[o];
    widen(p.weight + o * p.columns, p.columns, wide);
    task.x = a.x;
    task.multiplier = scale.multiplier;
    task.negative = scale.negative;
    task.more = a.residual == nullptr ? nullptr : a.residual + o;
    task.more2 = a.residual2 == nullptr ? nullptr : a.residual2 + o;
    task.y = a.y + o;
    task.bias_low = static_cast<uint32_t>(p.bias[o]) << 8;
    task.bias_high = p.bias[o] >> 24;
    task.shift = 8 + static_cast<uint32_t>(scale.shift);
    pellucid_mac16_row(&task);
  }
}

/// As the scalar set, for the sizes that the other does not take.
void any_affine(const nn::IntegerAffine& a) {
  bool short_shifts = a.product->columns <= kMostColumns && (a.residual != nullptr || a.residual2 == nullptr);
  for (uint32_t o = 0; o < a.product->rows; ++o) {
    if (static_cast<uint32_t>(a.product->scale[o].shift) > kMostShift) short_shifts = false;
  }
  return short_shifts ? affine(a) : nn::kScalarIntegerKernels.affine(a);
}

}  // namespace

nn::IntegerKernels chip_kernels() {
  nn::IntegerKernels kernels = nn::kScalarIntegerKernels;
  kernels.name = "mac16";
  kernels.affine = any_affine;
  return kernels;
}

}  // namespace pellucid::chip
