// The loss of losses.hpp and its gradient with respect to the mask, written out: spectra, powers and overlap-add of a
// batch in passes over plain arrays, where autograd would keep and revisit some eighty tensors. The tests hold the two
// together.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "training/architecture.hpp"
#include "training/disturbance.hpp"
#include "training/envelopes.hpp"
#include "training/loss_options.hpp"

namespace pellucid::training {

class Objective {
 public:
  Objective(const Architecture& architecture, const LossOptions& options);
  ~Objective();

  /// Takes a batch, [size][samples] each, samples a multiple of hop; writes features [size*frames, positions, 3*fold].
  void begin(int size, int samples, const float* noisy, const float* clean, float* features);
  /// The loss for a mask [size*frames, positions, 2*fold]; writes its gradient in the same shape.
  double evaluate(const float* mask, float* gradient);

 private:
  struct Item;
  struct Work;
  void analyse(const float* signal, int frames, float* re, float* im, float* nyquist);
  double evaluate_item(const Item& item, const float* mask, float* gradient);
  double add_envelopes(const Item& item);
  double add_disturbance(const Item& item);
  template <typename Power>
  void densities_of(float gain, Power power, std::vector<float>* to) const;

  Architecture architecture_;
  LossOptions options_;
  std::vector<float> bin_weights_;
  std::vector<BandBins> bands_;
  Hearing hearing_;
  int frames_ = 0, samples_ = 0;
  std::vector<Item> items_;
  std::unique_ptr<Work> work_;
};

}  // namespace pellucid::training
