// Drawn pairs mixed by LibTorch's operators: all pairs of a batch at once, on any device.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "corpus/pair_draft.hpp"

namespace pellucid::training {

struct Mixture {
  torch::Tensor noisy, clean;  ///< [batch, samples], full scale 1
};

/// What corpus::mix makes of each draft, but for rounding: filters and rooms are products of spectra here. The drafts'
/// sounds have one length. The number of operators does not depend on that of the drafts.
Mixture mix(const std::vector<corpus::PairDraft>& drafts, int rate_hz, torch::Device device);

}  // namespace pellucid::training
