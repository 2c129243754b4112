// What a recipe's training keeps in memory at once, and what the machine has.
#pragma once

#include "training/recipe.hpp"

namespace pellucid::training {

/// Bytes that one of `processes` keeps at least: what forward leaves for backward in every replica, the batches that
/// wait, the weights with their optimiser, and its share of what validates. What operators take in passing comes on
/// top.
double least_memory_bytes(const Recipe& recipe, int processes = 1);

/// What processes can still get: the kernel's estimate, or less where a control group says so.
double available_memory_bytes();

/// Throws Error(kRecipe) when the first is above `available`.
void check_memory(const Recipe& recipe, double available, int processes = 1);

/// Memory that is freed stays with the process (glibc): a step frees what the next one asks for again, and to give it
/// back and take it anew is a fifth of a small network's time.
void keep_freed_memory();

}  // namespace pellucid::training
