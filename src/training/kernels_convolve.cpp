// Convolutions and what follows each: normalisation by scale and shift, PReLU. Forward and back.
#include <algorithm>
#include <numeric>
#include <vector>

#include "training/kernels.hpp"
#include "training/kernels_products.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {
namespace {

using Floats = std::vector<float>;

constexpr Index kBlockRows = 64;

// [rows, channels] as one run of vectors: per-channel coefficients come round every `vectors_` vectors.
class Cycle {
 public:
  explicit Cycle(Index channels) : channels_(channels), vectors_(channels / std::gcd(channels, Index{kLanes})) {}
  Index vectors() const { return vectors_; }
  Index lanes() const { return vectors_ * kLanes; }
  Floats spread(const float* values, float otherwise) const {
    Floats out(static_cast<std::size_t>(lanes()));
    for (Index i = 0; i < lanes(); ++i) out[i] = values ? values[i % channels_] : otherwise;
    return out;
  }
  // Blocks keep the reading in order: vectors of a cycle that lie side by side are read soon after one another.
  // body(vector of the cycle, first element, elements).
  template <typename Body>
  void for_blocks(Index size, Body body) const {
    const Index block = lanes() * kBlockRows;
    for (Index first = 0; first < size; first += block)
      for (Index v = 0; v < vectors_; ++v) body(v, first + v * kLanes, std::min(size, first + block));
  }
  // body(element, lanes) from `first` on for one vector of the cycle; only the very last may have fewer lanes.
  template <typename Body>
  void for_vectors(Index first, Index end, Body body) const {
    Index at = first;
    for (; at + kLanes <= end; at += lanes()) body(at, Index{kLanes});
    if (at < end) body(at, end - at);
  }
  void add_lanes(Index v, Vec x, double* sums) const {
    for (Index l = 0; l < kLanes; ++l) sums[(v * kLanes + l) % channels_] += x[l];
  }

 private:
  Index channels_, vectors_;
};

struct SpreadActivation {
  SpreadActivation(const Cycle& cycle, const Activation& a)
      : scale(cycle.spread(a.scale, 1)), shift(cycle.spread(a.shift, 0)), slope(cycle.spread(a.slope, 1)) {}
  Floats scale, shift, slope;
};

// The gradient of u, row by row, in one pass over u and dy.
class Gradient {
 public:
  Gradient(Index channels, const Upstream& up)
      : cycle_(channels),
        u_(up.u),
        dy_(up.dy),
        activation_(cycle_, up.activation),
        gain_(cycle_.spread(up.gain, 1)),
        slant_(cycle_.spread(up.slant, 0)),
        offset_(cycle_.spread(up.offset, 0)) {}
  // Elements first .. first + size, of whole rows.
  void write(Index first, Index size, float* out) const {
    for (Index v = 0; v < cycle_.vectors(); ++v) {
      const auto of = [&](const Floats& x) { return load(&x[v * kLanes]); };
      const Vec scale = of(activation_.scale), shift = of(activation_.shift), slope = of(activation_.slope);
      const Vec gain = of(gain_), slant = of(slant_), offset = of(offset_);
      cycle_.for_vectors(v * kLanes, size, [&](Index at, Index lanes) {
        const Vec u = get(u_ + first + at, lanes), dy = get(dy_ + first + at, lanes);
        const Vec dpre = select(u * scale + shift > Vec{}, dy, dy * slope);
        put(out + at, dpre * gain + u * slant + offset, lanes);
      });
    }
  }

 private:
  Cycle cycle_;
  const float *u_, *dy_;
  SpreadActivation activation_;
  Floats gain_, slant_, offset_;
};

// body(row that a tap reads, or -1 outside) for every tap of `count` rows, in order.
template <typename Body>
void for_taps(const Rows& rows, const Taps& taps, Index first, Index count, Body body) {
  Index frame = first / rows.positions, position = first % rows.positions;
  for (Index r = 0; r < count; ++r) {
    const Index step = frame % rows.sequence_frames;
    for (int j = 0; j < taps.count; ++j) {
      const Index p = position + taps.position_step[j], t = step + taps.frame_step[j];
      const bool inside = p >= 0 && p < rows.positions && t >= 0 && t < rows.sequence_frames;
      body(inside ? (frame + taps.frame_step[j]) * rows.positions + p : -1);
    }
    if (++position == rows.positions) position = 0, ++frame;
  }
}

// Neighbouring positions of one frame, the row's own among them: between rows of zeros, the taps of a row lie side by
// side in memory already, and so do those of the transpose.
bool within_frame(const Taps& taps) {
  for (int j = 0; j < taps.count; ++j)
    if (taps.frame_step[j] != 0 || taps.position_step[j] != taps.position_step[0] + j) return false;
  return taps.position_step[0] <= 0 && taps.position_step[taps.count - 1] >= 0;
}

// The rows of a block with the taps of each as columns.
class Columns {
 public:
  Columns(const Rows& rows, const Taps& taps, Index in, const float* x)
      : rows_(rows),
        taps_(taps),
        in_(in),
        x_(x),
        within_frame_(within_frame(taps)),
        before_(within_frame_ ? -taps.position_step[0] : 0) {
    const Index size = within_frame_ ? (rows.positions + taps.count - 1) * in : kBlockRows * taps.count * in;
    if (taps.count > 1 || !within_frame_) buffer_.resize(static_cast<std::size_t>(size));
  }
  Index block_rows() const { return within_frame_ && taps_.count > 1 ? rows_.positions : kBlockRows; }
  Index row_step() const { return within_frame_ ? in_ : in_ * taps_.count; }
  const float* of(Index first, Index count) {
    if (buffer_.empty()) return x_ + first * in_;
    const auto bytes = static_cast<std::size_t>(in_) * sizeof(float);
    if (within_frame_) {
      std::memcpy(&buffer_[before_ * in_], x_ + first * in_, bytes * static_cast<std::size_t>(count));
    } else {
      float* to = buffer_.data();
      for_taps(rows_, taps_, first, count, [&](Index row) {
        if (row >= 0)
          std::memcpy(to, x_ + row * in_, bytes);
        else
          std::memset(to, 0, bytes);
        to += in_;
      });
    }
    return buffer_.data();
  }

 private:
  Rows rows_;
  Taps taps_;
  Index in_;
  const float* x_;
  bool within_frame_;
  Index before_;
  Floats buffer_;
};

}  // namespace

void convolve(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight, float* y,
              double* sum, double* sum_squares, Precision precision) {
  const Index total = rows.frames * rows.positions, depth = in * taps.count;
  ConstantProduct product(usable(precision, in), depth, out, [&](Index d, Index o) { return weight[o * depth + d]; });
  const Cycle cycle(out);
  Columns columns(rows, taps, in, x);
  for (Index first = 0; first < total; first += columns.block_rows()) {
    const Index count = std::min(columns.block_rows(), total - first);
    float* dst = y + first * out;
    product.run(count, columns.of(first, count), columns.row_step(), dst, false);
    if (sum == nullptr) continue;
    for (Index v = 0; v < cycle.vectors(); ++v) {
      Vec s = {}, q = {};
      cycle.for_vectors(v * kLanes, count * out, [&](Index at, Index lanes) {
        const Vec u = get(dst + at, lanes);
        s += u;
        q += u * u;
      });
      cycle.add_lanes(v, s, sum);
      cycle.add_lanes(v, q, sum_squares);
    }
  }
}

void convolve_backward(const Rows& rows, const Taps& taps, Index in, Index out, const float* x, const float* weight,
                       const Upstream& upstream, float* dx, bool add, float* dweight, Precision precision) {
  const Index total = rows.frames * rows.positions, depth = in * taps.count;
  const bool inside = within_frame(taps);
  // Inside a frame, dx[q] = sum_j W_j^T d[q - step_j]: a convolution again, its taps in the other order.
  const Index before = inside ? taps.position_step[taps.count - 1] : 0;
  ConstantProduct back(
      usable(precision, out), inside ? taps.count * out : out, inside ? in : depth, [&](Index r, Index c) {
        return inside ? weight[(r % out) * depth + (taps.count - 1 - r / out) * in + c] : weight[r * depth + c];
      });
  WeightGradient gradient_of_weight(precision, depth, out);
  if (dx != nullptr && !inside && !add) std::fill(dx, dx + total * in, 0.0f);
  const Gradient gradient(out, upstream);
  Columns columns(rows, taps, in, x);
  Floats d(static_cast<std::size_t>((columns.block_rows() + taps.count) * out + kLanes));  // rows of zeros around
  Floats spread(inside ? 0 : static_cast<std::size_t>(kBlockRows * depth));
  for (Index first = 0; first < total; first += columns.block_rows()) {
    const Index count = std::min(columns.block_rows(), total - first);
    float* own = &d[before * out];
    gradient.write(first * out, count * out, own);
    gradient_of_weight.add(count, columns.of(first, count), columns.row_step(), own);
    if (dx == nullptr) continue;
    if (inside) {
      back.run(count, d.data(), out, dx + first * in, add);
    } else {
      back.run(count, own, out, spread.data(), false);
      const float* from = spread.data();
      for_taps(rows, taps, first, count, [&](Index row) {
        if (row >= 0)
          for (Index c = 0; c < in; ++c) dx[row * in + c] += from[c];
        from += in;
      });
    }
  }
  for (Index o = 0; o < out; ++o)
    for (Index k = 0; k < depth; ++k) dweight[o * depth + k] += gradient_of_weight.sum(k, o);
}

void activate(Index n, Index channels, const float* u, const Activation& activation, const float* residual, float* y) {
  const Cycle cycle(channels);
  const SpreadActivation a(cycle, activation);
  cycle.for_blocks(n * channels, [&](Index v, Index first, Index end) {
    const Vec scale = load(&a.scale[v * kLanes]), shift = load(&a.shift[v * kLanes]),
              slope = load(&a.slope[v * kLanes]);
    cycle.for_vectors(first, end, [&](Index at, Index lanes) {
      const Vec pre = get(u + at, lanes) * scale + shift, z = select(pre > Vec{}, pre, pre * slope);
      put(y + at, residual ? z + get(residual + at, lanes) : z, lanes);
    });
  });
}

void activation_sums(Index n, Index channels, const float* u, const Activation& activation, const float* dy,
                     double* sum_dpre, double* sum_dpre_u, double* dslope) {
  const Cycle cycle(channels);
  const SpreadActivation a(cycle, activation);
  cycle.for_blocks(n * channels, [&](Index v, Index first, Index end) {
    const Vec scale = load(&a.scale[v * kLanes]), shift = load(&a.shift[v * kLanes]),
              slope = load(&a.slope[v * kLanes]);
    Vec sum = {}, sum_u = {}, sum_slope = {};  // of a block in float, of the blocks in double
    cycle.for_vectors(first, end, [&](Index at, Index lanes) {
      const Vec uv = get(u + at, lanes), d = get(dy + at, lanes), pre = uv * scale + shift;
      const VecInt positive = pre > Vec{};
      const Vec dpre = select(positive, d, d * slope);
      sum_slope += select(positive, Vec{}, d * pre);
      sum += dpre;
      sum_u += dpre * uv;
    });
    cycle.add_lanes(v, sum, sum_dpre);
    cycle.add_lanes(v, sum_u, sum_dpre_u);
    if (dslope != nullptr) cycle.add_lanes(v, sum_slope, dslope);
  });
}

}  // namespace pellucid::training::kernels
