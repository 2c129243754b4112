// A recipe's [distill] table; distill.hpp uses it. No LibTorch here.
#pragma once

#include <string>

namespace pellucid::training {

struct DistillOptions {
  std::string teacher;           ///< a float model file; empty: no teacher
  double output_weight = 1;      ///< distance from the teacher's spectrum, beside the loss
  double feature_weight = 0.05;  ///< distance from the teacher's band-pooled hidden features
  double alone = 0;              ///< the first share of the steps, in which only the teacher says what is right
};

}  // namespace pellucid::training
