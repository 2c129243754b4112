// Rounds a matrix to int8 rows so that what it does to its inputs changes least.
//
// A weight that is rounded one way leaves an error that the weights after it can make up for, as far as their inputs
// vary together: optimal brain surgery, column by column (Hassibi and Stork 1993; Frantar et al. 2022, "GPTQ"). Of
// several step sizes each row takes the one with the least error e' C e, C the inputs' covariance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/integer_model.hpp"

namespace pellucid::quantization {

struct RoundedRow {
  std::vector<int> weight;  ///< -127 … 127
  nn::RowScale scale = {};
  double step = 0;   ///< what a weight of 1 counts: multiplier / 2^(14 + shift)
  double error = 0;  ///< e' C e
};

class Rounder {
 public:
  /// covariance [n][n] of the inputs, in their own units; a little is added to its diagonal so that inputs that never
  /// moved count too.
  explicit Rounder(const std::vector<double>& covariance);
  /// weight [n] on the scale on which outputs are whole numbers; slope of the row's PReLU, 1 for none.
  RoundedRow round(const std::vector<double>& weight, double slope) const;

 private:
  RoundedRow round_with(const std::vector<double>& weight, double step, double slope) const;
  std::size_t n_;
  std::vector<double> covariance_;
  std::vector<double> factor_;  // upper U with U' U the covariance's inverse
};

/// The scale nearest to a step, and the step it is.
nn::RowScale make_scale(double step, double slope, double* exact);

}  // namespace pellucid::quantization
