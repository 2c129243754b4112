// One copy of the network on a thread of its own; a step runs all copies side by side.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "corpus/loader.hpp"
#include "training/distill.hpp"
#include "training/losses.hpp"
#include "training/mixing.hpp"
#include "training/objective.hpp"
#include "training/process_group.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

/// Flat copies of a network's parameters, buffers and gradients, in registration order.
std::vector<float> flat_parameters(const Network& network);
void set_parameters(Network& network, const std::vector<float>& flat);
std::vector<float> flat_buffers(const Network& network);
void set_buffers(Network& network, const std::vector<float>& flat);

/// The recipe's, and of several GPUs the one of this process. Throws Error(kRecipe) when it is not there.
torch::Device device_of(const Recipe& recipe, const ProcessGroup& group);

class Replica {
 public:
  /// A teacher, where there is one, must outlive it.
  Replica(const Recipe& recipe, torch::Device device, const Teacher* teacher = nullptr);
  ~Replica();

  Network& network() { return *network_; }
  const Spectrum& spectrum() const { return spectrum_; }

  /// Starts forward and backward over a batch; wait() ends it. With `teacher_alone` the recipe's loss does not count.
  void start(corpus::Batch batch, bool teacher_alone = false);
  /// The loss; throws what the thread threw.
  double wait();
  /// Of the last step.
  const std::vector<float>& gradient() const { return gradient_; }
  /// What flat_buffers would give after it, without a transfer of its own; empty while the statistics are fixed.
  const std::vector<float>& buffers() const { return buffers_; }

 private:
  void work();
  void step();
  Mixture mixture();
  double backward_on_cpu();
  double backward_on_device();

  const Recipe& recipe_;
  torch::Device device_;
  const Teacher* teacher_;
  std::shared_ptr<Network> network_;
  Spectrum spectrum_;
  Objective objective_;
  corpus::Batch batch_;
  std::vector<float> gradient_, buffers_;
  double loss_ = 0;
  std::exception_ptr error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false, stop_ = false, teacher_alone_ = false;
  std::thread thread_;
};

}  // namespace pellucid::training
