// A teacher for training: a network that is done, and how far a student is from it.
//
//   const Teacher teacher(read_stored_model(path), recipe, device);
//   const Tensor mask = student.forward(features, frames, teacher.listen(&hidden));
//   const Tensor distance = teacher.distance(features, frames, mask, hidden);
//
// Two distances, weighed by the recipe's [distill]:
// outputs: between the two compressed spectra that the masks make, magnitudes and complex values as in the loss.
// features: between what the two say about which frames are alike. The last block's output is averaged to at most 8
// bands; for each band the frames' vectors, less their mean and of length one, give a matrix of inner products, frames
// by frames, whose mean squared difference it is. The widths may differ (Tung and Mori 2019, "Similarity-preserving
// knowledge distillation"; per band as Nathoo et al. 2024, "Two-step knowledge distillation for tiny speech
// enhancement").
#pragma once

#include "training/network.hpp"
#include "training/recipe.hpp"
#include "training/stored_model.hpp"

namespace pellucid::training {

class Teacher {
 public:
  /// Throws Error(kRecipe) when model and student do not hear the same bins at the same times.
  Teacher(const StoredModel& model, const Recipe& recipe, torch::Device device);

  /// Takes the last block's output [frames, bands, width] out of a student's forward.
  Observer listen(torch::Tensor* hidden) const;
  /// A scalar. features [sequences*frames, positions, 3*fold] and mask as the student has them; safe from several
  /// threads.
  torch::Tensor distance(const torch::Tensor& features, long frames, const torch::Tensor& mask,
                         const torch::Tensor& hidden) const;

 private:
  std::shared_ptr<Network> network_;
  DistillOptions options_;
  LossOptions loss_;
  std::string last_of_student_;  // its name for an Observer
};

}  // namespace pellucid::training
