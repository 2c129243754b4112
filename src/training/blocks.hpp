// Block sparsity in training (nn/blocks.hpp): which blocks of a network's weights there are, which of them to give up,
// and which numbers stay zero while it trains on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/blocks.hpp"
#include "training/network.hpp"
#include "training/units.hpp"

namespace pellucid::training {

/// Blocks that come and go together: one, or two below one another.
struct BlockGroup {
  std::int64_t output = 0, input = 0;  ///< where it begins in the weight [outputs][inputs]
  std::int64_t outputs = 0;            ///< how high it is
  std::uint64_t multiply_adds = 0;     ///< of a frame
};

/// A weight that may be kept in blocks.
struct BlockMatrix {
  std::string tensor;
  std::vector<BlockGroup> groups;  ///< that are not all zero
  std::size_t fewest = 1;          ///< groups that stay: an eighth of those of the whole weight
};

/// Groups are `outputs` high, 8 or 16.
std::vector<BlockMatrix> block_matrices(const Architecture& architecture, const Tensors& tensors, int outputs);

/// Groups and multiply-adds a frame of all matrices together.
struct BlockTotal {
  std::size_t groups = 0;
  std::uint64_t multiply_adds = 0;
};
BlockTotal total(const std::vector<BlockMatrix>& matrices);

/// The numbers of a group, of a tensor in the shape that it has in the file.
torch::Tensor part(const torch::Tensor& tensor, const BlockGroup& group);

/// What a frame saves without all the groups that may go.
std::uint64_t most_saved(const std::vector<BlockMatrix>& matrices);

/// How much is lost with every group, by matrix.
using BlockImportance = std::vector<std::vector<double>>;

/// Tensors in which those groups are zero that lose least for each multiply-add: as many as save `multiply_adds` of a
/// frame, or all that may go.
Tensors give_up(const std::vector<BlockMatrix>& matrices, const BlockImportance& importance,
                std::uint64_t multiply_adds, const Tensors& tensors);

/// For each of a network's parameters, in the order of flat_parameters: 0 where it lies in a block of zeros, 1
/// elsewhere. All are 1 where the network is not `sparse`.
std::vector<float> kept_weights(const Network& network, bool sparse);

}  // namespace pellucid::training
