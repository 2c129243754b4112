// Muon: the step of a matrix is its momentum made orthogonal, so that no direction of it moves faster than another.
#pragma once

#include <cstddef>
#include <vector>

namespace pellucid::training {

class Network;

/// Matrices of one size within the flat parameters: element (r, c) of matrix m lies at offset + m * step +
/// r * row_step + c * column_step, and together they are the `size` numbers from offset on.
struct Matrices {
  std::size_t offset = 0, size = 0;
  std::ptrdiff_t count = 1, rows = 0, columns = 0, step = 0, row_step = 0, column_step = 1;
};

/// The weights of products, in the order of flat_parameters: a convolution is [out, taps * in], gates of a recurrence
/// and queries, keys and values are one matrix each, the mixing of the bands one matrix a channel.
std::vector<Matrices> matrices_of(const Network& network);

/// The nearest orthogonal matrix of x [rows, columns], row after row, in place: five steps of Newton and Schulz with
/// the coefficients of Jordan 2024, after which the singular values lie around 1 (0.7 to 1.2). Zero stays zero.
void orthogonalize(std::ptrdiff_t rows, std::ptrdiff_t columns, std::vector<float>& x);

/// What the learning rate is multiplied by, of every matrix: 0.4 sqrt(max(rows, columns)) times the orthogonalised
/// Nesterov momentum (Jordan 2024). The root tells all shapes alike (Liu et al. 2025, with 0.2 as an AdamW step has
/// it); twice theirs was best at the rate that is best of AdamW (docs/models.md). `momentum` is updated. `move` is
/// written where matrices lie; all are as long as the flat parameters. The matrices are shared among `threads`; the
/// result does not depend on how many.
void muon_moves(const std::vector<Matrices>& all, const std::vector<float>& gradient, std::vector<float>& momentum,
                std::vector<float>& move, int threads);

}  // namespace pellucid::training
