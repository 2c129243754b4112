#include "training/muon.hpp"

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include "training/kernels.hpp"
#include "training/network.hpp"

namespace pellucid::training {
namespace {

using Floats = std::vector<float>;
constexpr float kMomentum = 0.95f;
constexpr float kScale = 0.4f;

struct Place {
  const Matrices* group;
  std::ptrdiff_t first;  // index of element (0, 0)
};

template <class Use>
void each_element(const Place& at, Use use) {
  const Matrices& m = *at.group;
  for (std::ptrdiff_t r = 0, i = 0; r < m.rows; ++r)
    for (std::ptrdiff_t c = 0; c < m.columns; ++c, ++i)
      use(i, static_cast<std::size_t>(at.first + r * m.row_step + c * m.column_step));
}

void transpose(std::ptrdiff_t rows, std::ptrdiff_t columns, const float* x, float* out) {
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) out[c * rows + r] = x[r * columns + c];
}

// Rows of at most as many as columns.
void orthogonalize_flat(std::ptrdiff_t rows, std::ptrdiff_t columns, Floats& x) {
  constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;
  double squares = 0;
  for (const float v : x) squares += double(v) * v;
  const float scale = 1.0f / float(std::sqrt(squares) + 1e-20);
  for (float& v : x) v *= scale;
  Floats turned(x.size()), gram(static_cast<std::size_t>(rows * rows)), mix(gram.size()), next(x.size());
  for (int step = 0; step < 5; ++step) {
    transpose(rows, columns, x.data(), turned.data());
    kernels::gemm(rows, rows, columns, x.data(), columns, 1, turned.data(), rows, gram.data(), rows, 0);
    kernels::gemm(rows, rows, rows, gram.data(), rows, 1, gram.data(), rows, mix.data(), rows, 0);
    for (std::size_t i = 0; i < mix.size(); ++i) mix[i] = kB * gram[i] + kC * mix[i];
    kernels::gemm(rows, columns, rows, mix.data(), rows, 1, x.data(), columns, next.data(), columns, 0);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = kA * x[i] + next[i];
  }
}

void move_one(const Place& at, const Floats& gradient, Floats& momentum, Floats& move) {
  const Matrices& m = *at.group;
  Floats x(static_cast<std::size_t>(m.rows * m.columns));
  each_element(at, [&](std::ptrdiff_t i, std::size_t j) {
    momentum[j] = kMomentum * momentum[j] + gradient[j];
    x[static_cast<std::size_t>(i)] = gradient[j] + kMomentum * momentum[j];
  });
  orthogonalize(m.rows, m.columns, x);
  const float scale = kScale * std::sqrt(float(std::max(m.rows, m.columns)));
  each_element(at, [&](std::ptrdiff_t i, std::size_t j) { move[j] = scale * x[static_cast<std::size_t>(i)]; });
}

}  // namespace

void orthogonalize(std::ptrdiff_t rows, std::ptrdiff_t columns, Floats& x) {
  if (rows <= columns) return orthogonalize_flat(rows, columns, x);
  Floats turned(x.size());
  transpose(rows, columns, x.data(), turned.data());
  orthogonalize_flat(columns, rows, turned);
  transpose(columns, rows, turned.data(), x.data());
}

void muon_moves(const std::vector<Matrices>& all, const Floats& gradient, Floats& momentum, Floats& move, int threads) {
  std::vector<Place> places;
  for (const Matrices& group : all)
    for (std::ptrdiff_t m = 0; m < group.count; ++m)
      places.push_back({&group, static_cast<std::ptrdiff_t>(group.offset) + m * group.step});
  const auto share = [&](int part) {
    for (std::size_t i = static_cast<std::size_t>(part); i < places.size(); i += static_cast<std::size_t>(threads))
      move_one(places[i], gradient, momentum, move);
  };
  std::vector<std::jthread> others;
  for (int part = 1; part < threads; ++part) others.emplace_back(share, part);
  share(0);
}

std::vector<Matrices> matrices_of(const Network& network) {
  std::vector<Matrices> all;
  std::size_t offset = 0;
  for (const auto& parameter : network.named_parameters()) {
    const std::string& name = parameter.key();
    const torch::Tensor& value = parameter.value();
    Matrices m;
    m.offset = offset;
    m.size = static_cast<std::size_t>(value.numel());
    offset += m.size;
    if (!name.ends_with("weight") && !name.ends_with("weight_hh")) continue;
    if (name.ends_with("/mix/weight")) {
      m.count = value.size(2);
      m.rows = value.size(0);
      m.columns = value.size(1);
      m.step = 1;
      m.column_step = m.count;
      m.row_step = m.columns * m.column_step;
    } else {
      const bool three = name.ends_with("/ih/weight") || name.ends_with("weight_hh") || name.ends_with("/qkv/weight");
      m.count = three ? 3 : 1;
      m.rows = value.size(0) / m.count;
      m.columns = value.numel() / value.size(0);
      m.row_step = m.columns;
      m.step = m.rows * m.columns;
    }
    if (m.rows > 1) all.push_back(m);
  }
  return all;
}

}  // namespace pellucid::training
