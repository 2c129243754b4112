// How fast one replica trains by a recipe: whole steps on made-up batches, in seconds of audio for each second of
// processor time, and as a share of what the core can do at most. bench/python/trainer.py does the same in PyTorch.
//
//   bench_trainer RECIPE [SECONDS [KEY=VALUE ..]]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>

#include "nn/kernels.hpp"
#include "support/peak.hpp"
#include "support/random.hpp"
#include "training/memory.hpp"
#include "training/optimizer.hpp"
#include "training/replica.hpp"

namespace {

using namespace pellucid;
using namespace pellucid::training;

corpus::Batch made_up_batch(const Recipe& recipe) {
  const auto& m = recipe.model;
  const int hop = int(m.hop_samples);
  corpus::Batch batch;
  batch.size = recipe.train.batch;
  batch.samples = int(std::lround(recipe.train.chunk_s * m.sample_rate_hz / hop)) * hop;
  Random random(1);
  for (int i = 0; i < batch.size * batch.samples; ++i) {
    batch.clean.push_back(float(0.05 * random.uniform(-1, 1)));
    batch.noisy.push_back(batch.clean.back() + float(0.05 * random.uniform(-1, 1)));
  }
  return batch;
}

void run(const Recipe& recipe, double seconds) {
  use_one_thread();
  keep_freed_memory();
  Replica replica(recipe, torch::kCPU);
  Optimizer optimizer;
  const auto matrices = recipe.train.optimizer == "muon" ? matrices_of(replica.network()) : std::vector<Matrices>();
  optimizer.start(flat_parameters(replica.network()));
  const corpus::Batch batch = made_up_batch(recipe);
  long steps = 0;
  const auto step = [&] {
    replica.start(batch);
    replica.wait();
    std::vector<float> gradient = replica.gradient();
    optimizer.update(gradient, recipe.train, steps, 1e-3, matrices);
    set_parameters(replica.network(), optimizer.weights);
    ++steps;
  };
  step();  // memory is taken in the first
  steps = 0;
  const double start = processor_time_s();
  double spent = 0;
  for (; spent < seconds; spent = processor_time_s() - start) step();
  const auto& m = recipe.model;
  const double audio_s_per_s = double(steps) * batch.size * batch.samples / m.sample_rate_hz / spent;
  const double multiply_adds = double(nn::multiply_adds_per_frame(m)) * m.sample_rate_hz / m.hop_samples;
  const double peak = peak_multiply_adds_per_s(nn::kernels_at);
  fmt::print(
      "{{\"audio_s_per_s\": {:.2f}, \"steps\": {}, \"parameters\": {}, \"multiply_adds_per_s\": {:.0f}, "
      "\"peak_share\": {:.4f}}}\n",
      audio_s_per_s, steps, nn::parameter_count(m), multiply_adds, 3 * multiply_adds * audio_s_per_s / peak);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    fmt::print(stderr, "bench_trainer: expected RECIPE [SECONDS [KEY=VALUE ..]].\n");
    return 2;
  }
  run(Recipe::load(argv[1], {argv + std::min(argc, 3), argv + argc}), argc > 2 ? std::atof(argv[2]) : 10);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_trainer: {}\n", error.what());
  return 1;
}
