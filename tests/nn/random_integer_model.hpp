// int8 model files with random numbers of a size that keeps every layer's output well within 16 bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nn/integer_model.hpp"
#include "random_model.hpp"

namespace pellucid::nn::test {

/// Changes a tensor's bytes after they were filled.
using IntegerEdit = std::function<void(const std::string& name, std::vector<std::uint8_t>& bytes)>;

inline void put(std::vector<std::uint8_t>& bytes, std::int64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A row's scale that brings sums of `columns` products back to the size of its inputs.
inline RowScale random_scale(Random& random, std::uint32_t columns) {
  const double step = (0.5 + random.below(1000) * 0.001) / (70 * std::sqrt(columns));
  const int shift = static_cast<int>(std::floor(std::log2(kLargestMultiplier / step))) - 14;
  const auto multiplier = static_cast<std::int16_t>(std::ldexp(step, 14 + shift));
  const auto slope = static_cast<std::int16_t>(multiplier * random.uniform());
  return {static_cast<std::int16_t>(shift), multiplier, slope};
}

inline std::vector<std::uint8_t> random_tensor(const Architecture& a, const TensorSpec& spec, Random& random) {
  std::vector<std::uint8_t> bytes;
  const std::string name = spec.name;
  if (spec.type == DataType::kI8) {
    for (std::uint64_t i = 0; i < spec.count(); ++i) put(bytes, static_cast<int>(random.below(255)) - 127, 1);
  } else if (spec.type == DataType::kI32) {
    for (std::uint64_t i = 0; i < spec.count(); ++i) put(bytes, static_cast<int>(random.below(200001)) - 100000, 4);
  } else if (name == "embedding") {
    for (std::uint64_t i = 0; i < spec.count(); ++i) put(bytes, static_cast<int>(random.below(4001)) - 2000, 2);
  } else {
    ProductSpec product;
    std::uint32_t index = 0;
    while (product_spec(a, index, &product) && std::string(product.name) + ".scale" != name) ++index;
    for (std::uint32_t row = 0; row < spec.shape[0]; ++row) {
      const RowScale scale = random_scale(random, product.columns);
      for (const int value : {scale.shift, scale.multiplier, scale.negative}) put(bytes, value, 2);
    }
  }
  return bytes;
}

inline std::vector<std::uint8_t> make_random_integer_model(const Architecture& a, std::uint64_t seed,
                                                           const Metadata& metadata = {},
                                                           const IntegerEdit& edit = {}) {
  Random random(seed);
  Metadata all = metadata_of(a);
  all["arithmetic"] = "int8";
  all["features_q"] = "11";
  all["mask_q"] = "14";
  for (const auto& [key, value] : metadata) all[key] = value;
  std::string header = "{";
  header += metadata_json(all);
  std::vector<std::uint8_t> data;
  TensorSpec spec;
  for (std::uint32_t i = 0; integer_tensor_spec(a, i, &spec); ++i) {
    std::vector<std::uint8_t> bytes = random_tensor(a, spec, random);
    if (edit) edit(spec.name, bytes);
    header += ',';
    header += tensor_json(spec, data.size(), data.size() + bytes.size());
    data.insert(data.end(), bytes.begin(), bytes.end());
  }
  header += '}';
  return assemble_bytes(header, data);
}

}  // namespace pellucid::nn::test
