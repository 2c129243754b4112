// Block-sparse model files made of whole ones.
#pragma once

#include <string>
#include <vector>

#include "nn/blocks.hpp"
#include "nn/model_file.hpp"
#include "random_model.hpp"

namespace pellucid::nn::test {

/// Zeros in all but `share` of the blocks of every weight that has blocks, and nothing else changed.
inline Edit zero_blocks(const Architecture& a, std::uint64_t seed, double share) {
  return [a, seed, share](const std::string& name, float* values, std::size_t) {
    TensorSpec spec;
    BlockGrid grid;
    std::uint32_t index = 0;
    while (tensor_spec(a, index, &spec) && name != spec.name) ++index;
    if (!grid.of(spec)) return;
    Random random(seed + index);
    const std::size_t inputs = grid.across * kBlockInputs;
    for (std::uint32_t number = 0; number < grid.count(); ++number) {
      if (random.uniform() < 2 * share - 1) continue;
      float* block = values + number / grid.across * kBlockOutputs * inputs + number % grid.across * kBlockInputs;
      for (std::size_t i = 0; i < kBlockWeights; ++i) block[i / kBlockInputs * inputs + i % kBlockInputs] = 0.0f;
    }
  };
}

/// The file of a whole model, with the tensors that have blocks of nothing but zeros in blocks.
inline std::vector<std::uint8_t> in_blocks(const std::vector<std::uint8_t>& whole) {
  ModelFile file;
  if (file.parse(whole.data(), whole.size()).status != ModelStatus::kOk) return {};
  const Architecture& a = file.architecture();
  Metadata metadata = metadata_of(a);
  metadata["sparsity"] = "blocks-8x4";
  std::string header = "{" + metadata_json(metadata);
  std::vector<std::uint8_t> data;
  std::vector<std::pair<std::string, std::vector<std::uint8_t>>> kept;
  TensorSpec spec;
  for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) {
    std::vector<float> values(spec.count());
    file.read(i, values.data());
    BlockGrid grid;
    if (grid.of(spec)) {
      std::vector<float> blocks(values.size());
      std::vector<std::uint8_t> map(grid.map_bytes());
      const std::uint32_t count = pack_blocks(grid, values.data(), blocks.data(), map.data());
      if (count < grid.count()) {
        values.assign(blocks.begin(), blocks.begin() + count * kBlockWeights);
        spec.rank = 3, spec.shape[0] = count, spec.shape[1] = kBlockInputs, spec.shape[2] = kBlockOutputs;
        kept.emplace_back(std::string(spec.name) + ".kept", map);
      }
    }
    header += "," + tensor_json(spec, data.size(), data.size() + 4 * values.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    data.insert(data.end(), bytes, bytes + 4 * values.size());
  }
  for (const auto& [name, map] : kept) {
    header += ",\"" + name + R"(":{"dtype":"U8","shape":[)" + std::to_string(map.size()) + R"(],"data_offsets":[)" +
              std::to_string(data.size()) + "," + std::to_string(data.size() + map.size()) + "]}";
    data.insert(data.end(), map.begin(), map.end());
  }
  return assemble_bytes(header + "}", data);
}

inline std::vector<std::uint8_t> make_sparse_model(const Architecture& a, std::uint64_t seed, double share) {
  return in_blocks(make_random_model(a, seed, 1.0, {}, zero_blocks(a, seed, share)));
}

}  // namespace pellucid::nn::test
