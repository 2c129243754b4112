#include "training/blocks.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace pellucid::training {
namespace {

torch::Tensor as_matrix(const torch::Tensor& tensor) { return tensor.reshape({tensor.size(0), -1}); }

}  // namespace

torch::Tensor part(const torch::Tensor& tensor, const BlockGroup& group) {
  return tensor.view({tensor.size(0), -1})
      .narrow(0, group.output, group.outputs)
      .narrow(1, group.input, nn::kBlockInputs);
}

std::vector<BlockMatrix> block_matrices(const Architecture& architecture, const Tensors& tensors, int outputs) {
  std::vector<BlockMatrix> all;
  nn::TensorSpec spec;
  nn::BlockGrid grid;
  for (std::uint32_t i = 0; nn::tensor_spec(architecture, i, &spec); ++i) {
    if (!grid.of(spec)) continue;
    BlockMatrix matrix;
    matrix.tensor = spec.name;
    const torch::Tensor& tensor = tensors[i].second;
    std::size_t whole = 0;
    for (std::int64_t output = 0; output < spec.shape[0]; output += outputs) {
      const std::int64_t high = std::min<std::int64_t>(outputs, spec.shape[0] - output);
      for (std::uint32_t column = 0; column < grid.across; ++column, ++whole) {
        BlockGroup group{output, std::int64_t(column) * nn::kBlockInputs, high, 0};
        // Of a pair whose one block is zero the file holds the other alone.
        for (std::int64_t o = output; o < output + high; o += nn::kBlockOutputs) {
          const BlockGroup block{o, group.input, nn::kBlockOutputs, 0};
          if (part(tensor, block).count_nonzero().item<std::int64_t>() > 0)
            group.multiply_adds += std::uint64_t(nn::kBlockWeights) * spec.uses;
        }
        if (group.multiply_adds > 0) matrix.groups.push_back(group);
      }
    }
    matrix.fewest = std::max<std::size_t>(1, whole / 8);
    if (!matrix.groups.empty()) all.push_back(matrix);
  }
  return all;
}

BlockTotal total(const std::vector<BlockMatrix>& matrices) {
  BlockTotal sum;
  for (const BlockMatrix& matrix : matrices) {
    sum.groups += matrix.groups.size();
    for (const BlockGroup& group : matrix.groups) sum.multiply_adds += group.multiply_adds;
  }
  return sum;
}

std::uint64_t most_saved(const std::vector<BlockMatrix>& matrices) {
  std::uint64_t sum = 0;
  for (const BlockMatrix& matrix : matrices) {
    std::vector<std::uint64_t> costs;
    for (const BlockGroup& group : matrix.groups) costs.push_back(group.multiply_adds);
    std::sort(costs.begin(), costs.end());
    // Which groups stay, importance decides: in the worst case the dearest.
    for (std::size_t i = 0; i + matrix.fewest < costs.size(); ++i) sum += costs[i];
  }
  return sum;
}

Tensors give_up(const std::vector<BlockMatrix>& matrices, const BlockImportance& importance,
                std::uint64_t multiply_adds, const Tensors& tensors) {
  torch::NoGradGuard no_grad;
  std::vector<std::tuple<double, std::size_t, std::size_t>> order;  // lost for each multiply-add, matrix, group
  std::vector<std::size_t> left;
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    left.push_back(matrices[m].groups.size());
    for (std::size_t g = 0; g < left.back(); ++g)
      order.emplace_back(importance[m][g] / double(matrices[m].groups[g].multiply_adds), m, g);
  }
  std::sort(order.begin(), order.end());
  Tensors out;
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) by_name[name] = out.emplace_back(name, tensor.clone()).second;
  std::uint64_t saved = 0;
  for (const auto& [lost, m, g] : order) {
    if (saved >= multiply_adds) break;
    if (left[m] <= matrices[m].fewest) continue;
    --left[m];
    saved += matrices[m].groups[g].multiply_adds;
    part(by_name.at(matrices[m].tensor), matrices[m].groups[g]).zero_();
  }
  return out;
}

std::vector<float> kept_weights(const Network& network, bool sparse) {
  std::map<const void*, std::string> names;
  for (const auto& [name, tensor] : network.file_parameters()) names[tensor.data_ptr()] = name;
  std::map<std::string, nn::TensorSpec> specs;
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(network.architecture(), i, &spec); ++i) specs[spec.name] = spec;
  std::vector<float> kept;
  for (const torch::Tensor& p : network.parameters()) {
    torch::Tensor ones = torch::ones_like(p).contiguous();
    const auto name = names.find(p.data_ptr());
    nn::BlockGrid grid;
    if (sparse && name != names.end() && grid.of(specs.at(name->second))) {
      // [outputs / 8][8][inputs / 4][4]
      const torch::Tensor there =
          as_matrix(p.detach()).view({grid.down, nn::kBlockOutputs, grid.across, nn::kBlockInputs}).ne(0);
      const torch::Tensor any = there.any(3, true).any(1, true);
      as_matrix(ones).view({grid.down, nn::kBlockOutputs, grid.across, nn::kBlockInputs}).mul_(any);
    }
    kept.insert(kept.end(), ones.data_ptr<float>(), ones.data_ptr<float>() + ones.numel());
  }
  return kept;
}

}  // namespace pellucid::training
