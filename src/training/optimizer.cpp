#include "training/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>
#include <utility>

namespace pellucid::training {

double learning_rate(const TrainOptions& o, long step) {
  if (step < o.warmup_steps) return o.learning_rate * double(step + 1) / double(o.warmup_steps);
  const double start = double(o.steps) * (1.0 - o.decay);
  if (double(step) < start || o.decay <= 0) return o.learning_rate;
  const double x = std::min(1.0, (double(step) - start) / std::max(1.0, double(o.steps) - start));
  return o.learning_rate * (o.final_rate + (1.0 - o.final_rate) * 0.5 * (1.0 + std::cos(std::numbers::pi * x)));
}

void Optimizer::start(std::vector<float> initial) {
  weights = std::move(initial);
  mean.assign(weights.size(), 0.0f);
  variance.assign(weights.size(), 0.0f);
  average = weights;
}

double clip(std::vector<float>& gradient, double most, const std::vector<float>& kept) {
  for (std::size_t i = 0; i < kept.size(); ++i) gradient[i] *= kept[i];
  double squares = 0;
  for (const float g : gradient) squares += double(g) * g;
  const double norm = std::sqrt(squares);
  if (norm > most) {
    for (float& g : gradient) g = float(g * (most / norm));
  }
  return norm;
}

void Optimizer::update(const std::vector<float>& gradient, const TrainOptions& o, long step, double rate,
                       const std::vector<Matrices>& matrices, const std::vector<float>& kept) {
  std::vector<float> move(weights.size());
  // On the CPU each replica has a core; those of a device leave all of them.
  const int threads = o.device == "cpu" ? o.replicas : int(std::max(1u, std::thread::hardware_concurrency()));
  muon_moves(matrices, gradient, mean, move, threads);
  for (std::size_t i = 0; i < kept.size(); ++i) move[i] *= kept[i];  // a matrix made orthogonal has no zeros
  constexpr double kBeta1 = 0.9, kBeta2 = 0.98, kEpsilon = 1e-8;
  const double correct1 = 1.0 - std::pow(kBeta1, double(step + 1)), correct2 = 1.0 - std::pow(kBeta2, double(step + 1));
  const auto adam = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      const double g = gradient[i];
      mean[i] = float(kBeta1 * mean[i] + (1 - kBeta1) * g);
      variance[i] = float(kBeta2 * variance[i] + (1 - kBeta2) * g * g);
      move[i] = float((mean[i] / correct1) / (std::sqrt(variance[i] / correct2) + kEpsilon));
    }
  };
  const auto take = [&](std::size_t first, std::size_t last, double decay) {
    for (std::size_t i = first; i < last; ++i) weights[i] = float(weights[i] - rate * (move[i] + decay * weights[i]));
  };
  std::size_t at = 0;
  for (const Matrices& m : matrices) {
    adam(at, m.offset);
    take(at, m.offset, 0);
    at = m.offset + m.size;
    take(m.offset, at, o.weight_decay);
  }
  adam(at, weights.size());
  take(at, weights.size(), matrices.empty() ? o.weight_decay : 0);

  // Early on the average forgets faster, so that it does not hold the random start.
  const double keep = std::min(o.average, double(step + 1) / double(step + 10));
  for (std::size_t i = 0; i < weights.size(); ++i) average[i] = float(keep * average[i] + (1 - keep) * weights[i]);
}

}  // namespace pellucid::training
