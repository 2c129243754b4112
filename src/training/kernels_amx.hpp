// Products of bfloat16 on the tile registers of AMX, where compiler and processor have them.
#pragma once

#include "training/kernels.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {

/// Pairs along the depth that a tile takes at once, and rows and columns of one.
inline constexpr Index kTile = kLanes;

/// Whether this build, this processor and its operating system have them.
bool has_tiles();

/// C[m, n] = (add ? C : 0) + A B over pairs, as gemm has it with a pair_step of 1. `pairs` is a multiple of kTile:
/// where the depth has fewer, rows of B are zero, and A holds any finite numbers.
void tile_product(Index m, Index n, Index pairs, const Pair* a, Index row_step, const Pair* b, Index ldb, float* c,
                  Index ldc, bool add);

/// The transpose of kTile rows of kTile pairs.
void turn_tile(const Pair* x, Index row_step, Pair* out, Index out_step);

}  // namespace pellucid::training::kernels
