// Block sparsity: a layer's weight [outputs][inputs] of which a file keeps only the blocks of 8 outputs by 4 inputs
// that hold anything (docs/network.md).
//
//   BlockGrid grid;
//   if (grid.of(spec)) …                       // the tensor may be kept in blocks: grid.down x grid.across of them
//   has_block(kept, grid.number(down, across)) // kept: a bit for every block, row after row
//
// A block's 32 weights stand input by input, the 8 outputs of each side by side, as the kernels read them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "nn/architecture.hpp"

namespace pellucid::nn {

inline constexpr uint32_t kBlockOutputs = 8, kBlockInputs = 4, kBlockWeights = kBlockOutputs * kBlockInputs;

struct BlockGrid {
  uint32_t down = 0, across = 0;

  /// False where the tensor is no layer's weight, or not of whole blocks.
  bool of(const TensorSpec& spec) {
    const uint32_t inputs = spec.shape[1] * spec.shape[2];
    down = spec.shape[0] / kBlockOutputs;
    across = inputs / kBlockInputs;
    return spec.uses > 0 && spec.shape[0] % kBlockOutputs == 0 && inputs % kBlockInputs == 0;
  }
  uint32_t count() const { return down * across; }
  uint32_t number(uint32_t row, uint32_t column) const { return row * across + column; }
  /// Of the bit map, whose last bits may be spare and are then zero.
  uint32_t map_bytes() const { return (count() + 7) / 8; }
};

inline bool has_block(const uint8_t* kept, uint32_t number) { return (kept[number / 8] >> number % 8 & 1) != 0; }

/// How many of the first `end` blocks there are.
inline uint32_t blocks_before(const uint8_t* kept, uint32_t end) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < end; ++i) sum += has_block(kept, i) ? 1 : 0;
  return sum;
}

/// The blocks of a whole weight that are not all zero, one behind another, and their bit map; returns how many.
/// `blocks` holds as many numbers as `weight`, `kept` grid.map_bytes(). The last block is kept where all are zero.
inline uint32_t pack_blocks(const BlockGrid& grid, const float* weight, float* blocks, uint8_t* kept) {
  const size_t inputs = size_t{grid.across} * kBlockInputs;
  uint32_t count = 0;
  for (uint32_t i = 0; i < grid.map_bytes(); ++i) kept[i] = 0;
  for (uint32_t number = 0; number < grid.count(); ++number) {
    const float* from = weight + number / grid.across * kBlockOutputs * inputs + number % grid.across * kBlockInputs;
    float* to = blocks + size_t{count} * kBlockWeights;
    bool any = false;
    for (size_t i = 0; i < kBlockWeights; ++i) {
      to[i] = from[i % kBlockOutputs * inputs + i / kBlockOutputs];
      any = any || to[i] != 0.0f;
    }
    const bool last_chance = count == 0 && number + 1 == grid.count();
    if (!any && !last_chance) continue;
    kept[number / 8] = static_cast<uint8_t>(kept[number / 8] | 1u << number % 8);
    ++count;
  }
  return count;
}

}  // namespace pellucid::nn
