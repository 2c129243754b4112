// The recurrence of a GRU (Cho et al. 2014, in cuDNN's form) and its gradient through time.
#include <algorithm>
#include <vector>

#include "training/kernels.hpp"
#include "training/kernels_products.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {

void gru(Index sequences, Index steps, Index lanes, Index hidden, const float* gates_in, const float* weight_hh,
         const float* bias_hh, float* h, float* saved, Precision precision) {
  const Index g = 3 * hidden;
  ConstantProduct product(usable(precision, hidden), hidden, g,
                          [&](Index k, Index o) { return weight_hh[o * hidden + k]; });
  std::vector<float> gates_h(static_cast<std::size_t>(lanes * g));
  const std::vector<float> zero(static_cast<std::size_t>(lanes * hidden));
  for (Index s = 0; s < sequences; ++s) {
    const float* previous = zero.data();
    for (Index t = 0; t < steps; ++t) {
      const Index row = (s * steps + t) * lanes;
      product.run(lanes, previous, hidden, gates_h.data(), false);
      for (Index l = 0; l < lanes; ++l) {
        const float* gi = gates_in + (row + l) * g;
        const float* gh = gates_h.data() + l * g;
        const float* hp = previous + l * hidden;
        float* out = h + (row + l) * hidden;
        float* keep = saved + (row + l) * 4 * hidden;
        for_channels(hidden, [&](Index i, Index n) {
          const Vec r = sigmoid(get(gi + i, n) + get(gh + i, n) + get(bias_hh + i, n));
          const Vec u = sigmoid(get(gi + hidden + i, n) + get(gh + hidden + i, n) + get(bias_hh + hidden + i, n));
          const Vec hn = get(gh + 2 * hidden + i, n) + get(bias_hh + 2 * hidden + i, n);
          const Vec c = tanh(get(gi + 2 * hidden + i, n) + r * hn);
          put(out + i, c + u * (get(hp + i, n) - c), n);
          put(keep + i, r, n);
          put(keep + hidden + i, u, n);
          put(keep + 2 * hidden + i, c, n);
          put(keep + 3 * hidden + i, hn, n);
        });
      }
      previous = h + row * hidden;
    }
  }
}

void gru_backward(Index sequences, Index steps, Index lanes, Index hidden, const float* weight_hh, const float* h,
                  const float* saved, const float* dh, float* dgates_in, float* dweight_hh, float* dbias_hh,
                  Precision precision) {
  constexpr Index kSteps = 8;  // as many as one product for the weights takes
  const Index g = 3 * hidden;
  const auto size = static_cast<std::size_t>(lanes * hidden);
  ConstantProduct product(usable(precision, hidden), g, hidden,
                          [&](Index o, Index k) { return weight_hh[o * hidden + k]; });
  WeightGradient gradient_of_weight(precision, hidden, g);
  std::vector<float> carry(size), dgates_h(static_cast<std::size_t>(kSteps * lanes * g + kLanes));
  const std::vector<float> zero(size);
  for (Index s = 0; s < sequences; ++s) {
    std::fill(carry.begin(), carry.end(), 0.0f);
    for (Index t = steps - 1; t >= 0; --t) {
      const Index row = (s * steps + t) * lanes;
      const float* previous = t > 0 ? h + (row - lanes) * hidden : zero.data();
      float* own = &dgates_h[t % kSteps * lanes * g];
      for (Index l = 0; l < lanes; ++l) {
        const float* keep = saved + (row + l) * 4 * hidden;
        const float* hp = previous + l * hidden;
        const float* d_out = dh + (row + l) * hidden;
        float* d_carry = carry.data() + l * hidden;
        float* dgi = dgates_in + (row + l) * g;
        float* dgh = own + l * g;
        for_channels(hidden, [&](Index i, Index n) {
          const Vec r = get(keep + i, n), u = get(keep + hidden + i, n), c = get(keep + 2 * hidden + i, n);
          const Vec hn = get(keep + 3 * hidden + i, n);
          const Vec d = get(d_out + i, n) + get(d_carry + i, n);
          const Vec dc = d * (1.0f - u) * (1.0f - c * c);
          const Vec du = d * (get(hp + i, n) - c) * u * (1.0f - u);
          const Vec dr = dc * hn * r * (1.0f - r);
          put(dgi + i, dr, n);
          put(dgi + hidden + i, du, n);
          put(dgi + 2 * hidden + i, dc, n);
          put(dgh + i, dr, n);
          put(dgh + hidden + i, du, n);
          put(dgh + 2 * hidden + i, dc * r, n);
          put(d_carry + i, d * u, n);
        });
        for (Index i = 0; i < g; ++i) dbias_hh[i] += dgh[i];
      }
      if (t > 0) product.run(lanes, own, g, carry.data(), true);
      if (t % kSteps != 0) continue;
      // Steps t .. t + kSteps - 1; the sequence's first has no state before it.
      const Index skipped = t == 0 ? 1 : 0, count = std::min(kSteps, steps - t) - skipped;
      if (count > 0)
        gradient_of_weight.add(count * lanes, h + (row - lanes + skipped * lanes) * hidden, hidden,
                               own + skipped * lanes * g);
    }
  }
  for (Index o = 0; o < g; ++o)
    for (Index k = 0; k < hidden; ++k) dweight_hh[o * hidden + k] += gradient_of_weight.sum(k, o);
}

}  // namespace pellucid::training::kernels
