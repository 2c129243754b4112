#include "training/kernels_products.hpp"

#include <algorithm>
#include <utility>
#if defined(__AVX512BF16__)
#include <immintrin.h>

#include <bit>
#endif

#include "training/kernels_amx.hpp"

namespace pellucid::training::kernels {
namespace {

typedef std::int16_t Halves __attribute__((vector_size(2 * kLanes)));

#if defined(__AVX512BF16__)
Halves rounded(Vec x) { return std::bit_cast<Halves>(_mm512_cvtneps_pbh(std::bit_cast<__m512>(x))); }
VecInt paired(Vec low, Vec high) {
  const auto side_by_side = _mm512_cvtne2ps_pbh(std::bit_cast<__m512>(high), std::bit_cast<__m512>(low));
  const VecInt first = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return std::bit_cast<VecInt>(_mm512_permutexvar_epi16(std::bit_cast<__m512i>(first | ((first + kLanes) << 16)),
                                                        std::bit_cast<__m512i>(side_by_side)));
}
#else
// In the upper half, to the nearest, ties to even; for finite numbers. The lower half is rubbish.
VecInt rounded_above(Vec x) {
  const VecInt bits = reinterpret_cast<VecInt>(x);
  return bits + 0x7fff + ((bits >> 16) & 1);
}

Halves rounded(Vec x) { return __builtin_convertvector(rounded_above(x) >> 16, Halves); }
VecInt paired(Vec low, Vec high) { return ((rounded_above(low) >> 16) & 0xffff) | (rounded_above(high) & ~0xffff); }
#endif

// n floats, an even number, to pairs of neighbours.
void pair_neighbours(Index n, const float* x, Pair* out) {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Halves halves = rounded(load(x + i));
    std::memcpy(out + i / 2, &halves, sizeof halves);
  }
  if (i < n) {
    const Halves halves = rounded(load_part(x + i, n - i));
    std::memcpy(out + i / 2, &halves, static_cast<std::size_t>(n - i) * sizeof(std::int16_t));
  }
}

// Pairs of `low` and `high`, element by element; without `high`, zeros. Writes padded(n) pairs.
void pair_rows(Index n, const float* low, const float* high, Pair* out) {
  for_channels(n, [&](Index i, Index lanes) {
    const VecInt pairs = paired(get(low + i, lanes), high ? get(high + i, lanes) : Vec{});
    std::memcpy(out + i, &pairs, sizeof pairs);
  });
}

const float* next_row(const float* x, Index row, Index rows, Index step) {
  return row + 1 < rows ? x + (row + 1) * step : nullptr;
}

}  // namespace

void ConstantProduct::take(std::vector<float> b) {
  if (!pairs_) {
    b_ = std::move(b);
    return;
  }
  b_pairs_.resize(static_cast<std::size_t>(padded((depth_ + 1) / 2) * step_));
  for (Index r = 0; r < depth_; r += 2)
    pair_rows(step_, &b[r * step_], next_row(&b[0], r, depth_, step_), &b_pairs_[r / 2 * step_]);
}

void ConstantProduct::run(Index count, const float* a, Index row_step, float* y, bool add) {
  const float beta = add ? 1.0f : 0.0f;
  if (!pairs_) {
    gemm(count, columns_, depth_, a, row_step, 1, b_.data(), step_, y, columns_, beta, true);
    return;
  }
  const Index floats = (count - 1) * row_step + depth_, pairs = depth_ / 2;
  a_pairs_.resize(static_cast<std::size_t>(floats / 2 + kTile));
  pair_neighbours(floats, a, a_pairs_.data());
  if (has_tiles()) {
    std::fill(a_pairs_.end() - kTile, a_pairs_.end(), Pair{0});
    tile_product(count, columns_, padded(pairs), a_pairs_.data(), row_step / 2, b_pairs_.data(), step_, y, columns_,
                 add);
  } else {
    gemm(count, columns_, pairs, a_pairs_.data(), row_step / 2, 1, b_pairs_.data(), step_, y, columns_, beta);
  }
}

void WeightGradient::add(Index count, const float* x, Index row_step, const float* d) {
  if (precision_ == Precision::kFloat32) {
    gemm(depth_, out_, count, x, 1, row_step, d, out_, sums_.data(), out_, 1, true);
    return;
  }
  const Index pairs = (count + 1) / 2, step = padded(out_);
  const bool overlap = row_step < depth_;
  const Index whole = padded(pairs), pair_step = overlap ? 2 * row_step : row_step;
  x_pairs_.resize(static_cast<std::size_t>(
      std::max((count - 1) * row_step + depth_ + kLanes, (whole - 1) * pair_step + padded(depth_))));
  d_pairs_.resize(static_cast<std::size_t>(whole * step));
  if (overlap) {  // each row of memory begins a pair, so that the pairs of a row of x lie side by side, too
    const Index last = (count - 2) * row_step + depth_;
    pair_rows(last, x, x + row_step, x_pairs_.data());
    pair_rows(row_step, x + last, nullptr, &x_pairs_[last]);
  } else {
    for (Index r = 0; r < count; r += 2)
      pair_rows(row_step, x + r * row_step, next_row(x, r, count, row_step), &x_pairs_[r / 2 * row_step]);
  }
  for (Index r = 0; r < count; r += 2)
    pair_rows(out_, d + r * out_, next_row(d, r, count, out_), &d_pairs_[r / 2 * step]);
  if (!has_tiles()) {
    gemm(depth_, out_, pairs, x_pairs_.data(), 1, pair_step, d_pairs_.data(), step, sums_.data(), out_, 1);
    return;
  }
  // What lies beyond the last row counts for nothing.
  std::fill(d_pairs_.begin() + pairs * step, d_pairs_.end(), Pair{0});
  x_turned_.resize(static_cast<std::size_t>(padded(depth_) * whole));
  for (Index k = 0; k < depth_; k += kTile)
    for (Index p = 0; p < pairs; p += kTile)
      turn_tile(&x_pairs_[p * pair_step + k], pair_step, &x_turned_[k * whole + p], whole);
  tile_product(depth_, out_, whole, x_turned_.data(), whole, d_pairs_.data(), step, sums_.data(), out_, true);
}

}  // namespace pellucid::training::kernels
