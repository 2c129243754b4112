// What a network is trained to make small.
#pragma once

#include <torch/torch.h>

#include <functional>

#include "training/loss_options.hpp"
#include "training/network.hpp"
#include "training/spectrum.hpp"

namespace pellucid::training {

struct Enhanced {
  torch::Tensor compressed;  // Y_c [batch, frames, F, 2]
  torch::Tensor signal;      // [batch, samples], delayed as Spectrum::synthesise says
};

/// features [batch*frames, positions, 3*fold], frames -> mask [batch*frames, positions, 2*fold].
using MaskOf = std::function<torch::Tensor(const torch::Tensor& features, long frames)>;

/// Runs a network over noisy [batch, samples].
Enhanced enhance(const Spectrum& spectrum, const torch::Tensor& noisy, const MaskOf& mask_of);

/// The scalar loss of a batch; noisy and clean [batch, samples]. objective.hpp has the same written out for the CPU.
/// What enhance made of noisy comes to `enhanced`, where it is given.
torch::Tensor loss(const Spectrum& spectrum, const LossOptions& options, const torch::Tensor& noisy,
                   const torch::Tensor& clean, const MaskOf& mask_of, Enhanced* enhanced = nullptr);

/// The network as a MaskOf.
MaskOf mask_of(Network& network);

}  // namespace pellucid::training
