// The network of docs/network.md as a LibTorch module.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "training/architecture.hpp"
#include "training/ops.hpp"

namespace pellucid::training {

/// Shows intermediate activations [frames, positions, channels] by the names of docs/network.md.
using Observer = std::function<void(const std::string& name, const torch::Tensor& activation)>;

class Network : public torch::nn::Module {
 public:
  explicit Network(const Architecture& architecture);

  const Architecture& architecture() const { return architecture_; }

  /// features [sequences*steps, positions, 3*fold] -> mask [sequences*steps, positions, 2*fold].
  torch::Tensor forward(const torch::Tensor& features, long steps, const Observer& observer = {});

  /// The tensors of the model file, batch normalisation folded, in the order of docs/network.md.
  std::vector<std::pair<std::string, torch::Tensor>> folded() const;

 private:
  struct Layer {  // a convolution or linear layer with what follows it
    std::string name;
    torch::Tensor weight;  // [out, taps, in]
    Norm norm;
    torch::Tensor slope;
    kernels::Taps taps;
    bool residual = false, pointwise = false;
  };
  Layer make_layer(const std::string& name, long out, long in, const kernels::Taps& taps, bool normalise, bool activate,
                   bool residual);
  torch::Tensor run(const Layer& layer, const torch::Tensor& x, long steps);
  torch::Tensor make_parameter(const std::string& name, torch::Tensor value);

  Architecture architecture_;
  Layer in_, reduce_proj_, expand_proj_, out_;
  std::vector<Layer> encoder_, decoder_;  // decoder_[i-1] is decoder.i
  torch::Tensor reduce_, expand_, embedding_;
  struct Block {
    Layer gru_in, gru_out;  // time mixer gru
    torch::Tensor weight_hh, bias_hh;
    std::vector<Layer> time_convolutions;  // time mixer conv
    torch::Tensor mix;                     // frequency mixer dense
    Layer freq;
  };
  std::vector<Block> blocks_;
};

}  // namespace pellucid::training
