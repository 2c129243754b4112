// The two products that layers are made of, in floats or in pairs of bfloat16: by a constant matrix, and the gradient
// of such a matrix. Convolutions and recurrences bring the rows.
#pragma once

#include <vector>

#include "training/kernels.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {

/// Pairs along rows need an even number of columns.
inline Precision usable(Precision precision, Index columns) {
  return columns % 2 == 0 ? precision : Precision::kFloat32;
}

/// Y = A B for a constant B [depth, columns], `value(row, column)` of it.
class ConstantProduct {
 public:
  template <typename Value>
  ConstantProduct(Precision precision, Index depth, Index columns, Value value)
      : depth_(depth), columns_(columns), step_(padded(columns)), pairs_(precision == Precision::kBfloat16) {
    std::vector<float> b(static_cast<std::size_t>(depth * step_));
    for (Index r = 0; r < depth; ++r)
      for (Index c = 0; c < columns; ++c) b[r * step_ + c] = value(r, c);
    take(std::move(b));
  }
  /// Y [count, columns], or Y += where `add`. Row r of A begins at r * row_step; for pairs, that is an even number.
  void run(Index count, const float* a, Index row_step, float* y, bool add);

 private:
  void take(std::vector<float> b);

  Index depth_, columns_, step_;
  bool pairs_;
  std::vector<float> b_;
  std::vector<Pair> b_pairs_, a_pairs_;
};

/// The sum of x' d over rows: what the weights of a product get from its inputs x and the gradient d of its outputs.
class WeightGradient {
 public:
  WeightGradient(Precision precision, Index depth, Index out)
      : precision_(precision), depth_(depth), out_(out), sums_(static_cast<std::size_t>(depth * out)) {}
  /// `depth` columns of x, its row r at r * row_step, rows of d side by side; padded(out) floats may be read from the
  /// start of every row of d.
  void add(Index count, const float* x, Index row_step, const float* d);
  float sum(Index depth, Index out) const { return sums_[depth * out_ + out]; }

 private:
  Precision precision_;
  Index depth_, out_;
  std::vector<float> sums_;
  std::vector<Pair> x_pairs_, d_pairs_, x_turned_;
};

}  // namespace pellucid::training::kernels
