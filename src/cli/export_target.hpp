// The chips that `pellucid export --target` knows, and what fits them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "nn/model_file.hpp"

namespace pellucid::cli {

/// How a chip's kernels want the weights of a product; embedded/kernels says why.
enum class WeightOrder {
  kRows,     ///< row after row
  kMac16,    ///< of a row, columns 2 0 3 1 of every four
  kPairs,    ///< of four rows, columns 0 2 1 3 of every four, row after row
  kColumns,  ///< of four rows, column after column
  kEights    ///< of four rows, eight columns of each in turn, zeros up to a whole eight
};

enum class ChipFamily { kAny, kEspressif, kArm };

/// What a model may take of a chip that has other things to do.
struct ChipLimits {
  std::uint64_t flash_bytes;  ///< code included
  std::uint64_t ram_bytes;    ///< state and scratch
  std::uint64_t multiply_adds_per_second;
};

struct ChipTarget {
  const char* name;
  const char* title;
  ChipFamily family;
  WeightOrder order;
  bool own_kernels;                         ///< chip_kernels() of embedded/kernels/chip_kernels.hpp, or the scalar set
  std::array<const char*, 6> kernel_files;  ///< of the project, headers included; null for none
  const char* megahertz;                    ///< its usual clock, for ESP-IDF's configuration
  const char* core;                         ///< CMSIS-Pack's name
  const ChipLimits* limits;                 ///< null for none
};

std::span<const ChipTarget> chip_targets();
/// Throws Error(kUsage) that lists the names there are.
const ChipTarget& chip_target(const std::string& name);

struct ChipCost {
  std::uint64_t flash_bytes, state_bytes, scratch_bytes, multiply_adds_per_second;
};
/// Of an int8 model's component; flash with kCodeBytes for what is not the model.
ChipCost chip_cost(const nn::ModelFile& file, WeightOrder order);
/// How many numbers weights [rows][columns] are in an order, zeros included.
std::size_t ordered_count(WeightOrder order, std::uint32_t rows, std::uint32_t columns);
/// PELLUCID_CHIP_OBJECT_BYTES of embedded/component/pellucid_chip.h where a pointer has 32 bits.
inline constexpr std::uint64_t kObjectBytes = 96 * 4;
/// The component's code and tables on any target, rounded up; docs/embedded.md has what was measured.
inline constexpr std::uint64_t kCodeBytes = 28 * 1024;

/// "12.3 kB too much flash (112.3 kB of 100 kB)" for each limit that is broken; empty when it fits.
std::string does_not_fit(const ChipCost& cost, const ChipTarget& target);

}  // namespace pellucid::cli
