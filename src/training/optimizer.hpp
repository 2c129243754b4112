// The optimiser over one flat vector, with clipping and a moving average of the weights: state that is easy to write
// whole.
#pragma once

#include <vector>

#include "training/muon.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

/// The learning rate of a step (0-based): linear warm-up, constant, cosine decay over the last share of the steps.
double learning_rate(const TrainOptions& options, long step);

/// Shortens `gradient` to a norm of `most` where it is longer, without that of weights that stay zero (see update());
/// returns the norm before.
double clip(std::vector<float>& gradient, double most, const std::vector<float>& kept = {});

/// AdamW (Loshchilov and Hutter 2019), betas 0.9 and 0.98; of `matrices`, Muon. Where there are matrices, nothing else
/// decays: their steps have one size whatever the gradient, and only decay keeps them from growing.
struct Optimizer {
  std::vector<float> weights, mean, variance, average;

  void start(std::vector<float> initial);
  /// Updates at `rate`. `step` is 0-based. `kept`, where there is one, is 0 for weights that are zero and stay so , 1
  /// for all others.
  void update(const std::vector<float>& gradient, const TrainOptions& options, long step, double rate,
              const std::vector<Matrices>& matrices = {}, const std::vector<float>& kept = {});
};

}  // namespace pellucid::training
