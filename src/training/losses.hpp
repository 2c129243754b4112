// What a network is trained to make small.
#pragma once

#include <torch/torch.h>

#include "training/loss_options.hpp"
#include "training/network.hpp"
#include "training/spectrum.hpp"

namespace pellucid::training {

struct Enhanced {
  torch::Tensor compressed;  // Y_c [batch, frames, F, 2]
  torch::Tensor signal;      // [batch, samples], delayed as Spectrum::synthesise says
};

/// Runs the network over noisy [batch, samples].
Enhanced enhance(Network& network, const Spectrum& spectrum, const torch::Tensor& noisy);

/// The scalar loss of a batch; noisy and clean [batch, samples].
torch::Tensor loss(Network& network, const Spectrum& spectrum, const LossOptions& options, const torch::Tensor& noisy,
                   const torch::Tensor& clean);

}  // namespace pellucid::training
