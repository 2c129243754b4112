#include "training/export.hpp"

#include "training/tensor_file.hpp"

namespace pellucid::training {

std::string encode_model(const Network& network, const std::string& name, const std::string& provenance) {
  TensorFile file;
  file.metadata = {{"format", "pellucid-1"}, {"name", name}};
  for (const auto& [k, v] : metadata_of(network.architecture())) file.metadata.emplace_back(k, v);
  file.metadata.emplace_back("training", provenance);
  for (const auto& [tensor_name, tensor] : network.folded()) {
    const float* p = tensor.data_ptr<float>();
    file.arrays.push_back({tensor_name, tensor.sizes().vec(), std::vector<float>(p, p + tensor.numel())});
  }
  return encode(file);
}

}  // namespace pellucid::training
