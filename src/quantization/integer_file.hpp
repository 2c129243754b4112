// Writes int8 model files, as docs/compression.md describes them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/integer_model.hpp"

namespace pellucid::quantization {

/// A product as the file holds it.
struct QuantizedProduct {
  std::vector<std::int8_t> weight;
  std::vector<std::int32_t> bias;
  std::vector<nn::RowScale> scale;
};

struct QuantizedModel {
  nn::Architecture architecture;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< without checksum
  std::vector<QuantizedProduct> products;                     ///< in the order of nn::product_spec
  std::vector<std::int16_t> embedding;
};

/// The file's bytes.
std::string encode(const QuantizedModel& model);

}  // namespace pellucid::quantization
