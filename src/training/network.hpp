// The network of docs/network.md as a LibTorch module.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <map>
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

  /// 8: forward and folded() round every row of weights to whole numbers of -127 … 127 of its own step, as int8 models
  /// have them; gradients pass as if they did not (straight through; Bengio et al. 2013). 0: no rounding.
  void set_weight_bits(int bits) { weight_bits_ = bits; }
  /// In training, normalise by the running statistics and leave them as they are.
  void set_fixed_statistics(bool fixed) { fixed_statistics_ = fixed; }
  bool fixed_statistics() const { return fixed_statistics_; }
  /// Of the CPU kernels' products while it trains; what is evaluated is computed in floats.
  void set_precision(kernels::Precision precision) { precision_ = precision; }

  /// features [sequences*steps, positions, 3*fold] -> mask [sequences*steps, positions, 2*fold].
  torch::Tensor forward(const torch::Tensor& features, long steps, const Observer& observer = {});

  /// The tensors of the model file, batch normalisation folded, in order and shape of nn::tensor_spec.
  std::vector<std::pair<std::string, torch::Tensor>> folded() const;
  /// The parameters by the names that their tensors have in the file; weights are as they are before folding.
  std::map<std::string, torch::Tensor> file_parameters() const;
  /// Takes up what folded() gave, with normalisations that do nothing: the same function when it evaluates, but not yet
  /// one to train, for a batch's statistics would then change it. Blocks that `tensors` lack pass on what they get.
  void load(const std::vector<std::pair<std::string, torch::Tensor>>& tensors);
  /// Gives the normalisations of loaded weights the statistics of these features, layer by layer, without a change to
  /// the function: from then on it trains from where it stood. Returns what forward does.
  torch::Tensor settle(const torch::Tensor& features, long steps);

 private:
  struct Layer {                                     // a convolution or linear layer with what follows it
    std::string weight_name, bias_name, slope_name;  // in the model file
    torch::Tensor weight;                            // [out, taps, in]
    Norm norm;
    torch::Tensor slope;
    kernels::Taps taps;
    bool residual = false;
  };
  struct Recurrence {
    Layer in;
    torch::Tensor weight_hh, bias_hh;
  };
  struct Block {
    Recurrence time_gru;
    std::vector<Layer> time_convolutions;
    Layer time_qkv, time_out;
    torch::Tensor time_position;
    torch::Tensor mix;
    Recurrence freq_gru[2];  // up and down
    Layer freq_qkv, freq;
    torch::Tensor freq_position;
  };
  Layer make_layer(const std::string& name, long out, long in, const kernels::Taps& taps, bool normalise, bool activate,
                   bool residual);
  Recurrence make_recurrence(const std::string& name, long in, long units);
  torch::Tensor make_parameter(const std::string& name, torch::Tensor value);
  /// A parameter that is a tensor of the file as it is.
  torch::Tensor make_plain(const std::string& name, torch::Tensor value);
  void make_time_mixer(const std::string& name, Block& block);
  void make_freq_mixer(const std::string& name, Block& block);
  torch::Tensor rounded(const torch::Tensor& weight) const;
  kernels::Precision precision() const { return is_training() ? precision_ : kernels::Precision::kFloat32; }
  torch::Tensor run(const Layer& layer, const torch::Tensor& x, long steps);
  bool batch_statistics() const { return is_training() && !fixed_statistics_; }
  void settle(const Layer& layer, const torch::Tensor& x, long steps);
  torch::Tensor run(const Recurrence& recurrence, const torch::Tensor& x, long steps);
  torch::Tensor mix_time(const Block& block, const torch::Tensor& z, long steps);
  torch::Tensor mix_frequencies(const Block& block, const torch::Tensor& z, long steps);
  torch::Tensor gains_mask(const torch::Tensor& z, long steps, const Observer& observer);

  Architecture architecture_;
  bool settling_ = false;
  bool fixed_statistics_ = false;
  int weight_bits_ = 0;
  kernels::Precision precision_ = kernels::Precision::kFloat32;
  std::vector<Layer> layers_;                                  // all
  std::vector<std::pair<std::string, torch::Tensor>> plains_;  // all
  Layer in_, reduce_proj_, expand_proj_, out_;
  std::vector<Layer> encoder_, decoder_;  // decoder_[i-1] is decoder.i
  torch::Tensor reduce_, expand_, embedding_;
  std::vector<Block> blocks_;
};

}  // namespace pellucid::training
