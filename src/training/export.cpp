#include "training/export.hpp"

#include "nn/blocks.hpp"
#include "support/error.hpp"
#include "support/utf8.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

void put_in_blocks(const nn::TensorSpec& spec, TensorFile* file) {
  NamedArray& array = file->arrays.back();
  nn::BlockGrid grid;
  if (!grid.of(spec)) return;
  NamedArray blocks{array.name, {}, std::vector<float>(array.values.size())};
  NamedBytes kept{array.name + ".kept", std::vector<std::uint8_t>(grid.map_bytes())};
  const auto count = nn::pack_blocks(grid, array.values.data(), blocks.values.data(), kept.values.data());
  if (count == grid.count()) return;
  blocks.shape = {count, nn::kBlockInputs, nn::kBlockOutputs};
  blocks.values.resize(std::size_t(count) * nn::kBlockWeights);
  array = std::move(blocks);
  file->bytes.push_back(std::move(kept));
}

}  // namespace

std::string encode_model(const Network& network, const std::string& name, const std::string& provenance, bool sparse) {
  TensorFile file;
  file.metadata = {{"format", "pellucid-1"}, {"name", name}};
  for (const auto& [k, v] : metadata_of(network.architecture())) file.metadata.emplace_back(k, v);
  if (sparse) file.metadata.emplace_back("sparsity", "blocks-8x4");
  file.metadata.emplace_back("training", provenance);
  nn::TensorSpec spec;
  std::uint32_t index = 0;
  for (const auto& [tensor_name, tensor] : network.folded()) {
    const float* p = tensor.data_ptr<float>();
    file.arrays.push_back({tensor_name, tensor.sizes().vec(), std::vector<float>(p, p + tensor.numel())});
    nn::tensor_spec(network.architecture(), index++, &spec);
    if (sparse) put_in_blocks(spec, &file);
  }
  return encode(file);
}

std::string model_name_of(const std::filesystem::path& out) {
  std::string name = out.stem().string();
  if (!is_utf8(name))
    throw Error(ExitCode::kUsage, "--out {}: found a name that is no UTF-8, expected one that is; take another",
                out.string());
  return name;
}

}  // namespace pellucid::training
