// An int8 model as C++ source: constexpr arrays, the weights in the order that a chip's kernels read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/export_target.hpp"
#include "nn/model_file.hpp"

namespace pellucid::cli {

/// `weights` [rows][columns] in another order; more of them where it pads. Rows and columns are multiples of 4 for any
/// but kRows.
std::vector<std::int8_t> in_order(const std::vector<std::int8_t>& weights, std::uint32_t rows, std::uint32_t columns,
                                  WeightOrder order);

/// pellucid_chip_model.cpp: pellucid::chip::kModel. Throws Error(kModel) for a size that the order does not take.
std::string model_source(const nn::ModelFile& file, WeightOrder order);
/// pellucid_chip_model.hpp: the architecture, and what kernels are called.
std::string model_header(const nn::ModelFile& file, const ChipTarget& target);

}  // namespace pellucid::cli
