// Mixing over the bands: one matrix for all channels, or one a channel.
#include <algorithm>
#include <vector>

#include "training/kernels.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {
namespace {

// y[f,o,c] = (add ? y : 0) + sum_i m[o,i,c] x[f,i,c] for F frames and O outputs of one group of lanes.
template <int F, int O>
void depthwise_tile(Index out, Index in, Index channels, const float* x, const float* m, float* y, Index lanes,
                    bool add) {
  Vec acc[F][O];
  for (int f = 0; f < F; ++f)
    for (int o = 0; o < O; ++o) acc[f][o] = Vec{};
  for (Index i = 0; i < in; ++i) {
    Vec mv[O];
    for (int o = 0; o < O; ++o) mv[o] = get(m + (o * in + i) * channels, lanes);
    for (int f = 0; f < F; ++f) {
      const Vec xv = get(x + (f * in + i) * channels, lanes);
      for (int o = 0; o < O; ++o) acc[f][o] += mv[o] * xv;
    }
  }
  for (int f = 0; f < F; ++f)
    for (int o = 0; o < O; ++o) {
      float* dst = y + (f * out + o) * channels;
      put(dst, add ? acc[f][o] + get(dst, lanes) : acc[f][o], lanes);
    }
}

template <int F>
void depthwise_frames(Index out, Index in, Index channels, const float* x, const float* m, float* y, bool add) {
  for (Index c = 0; c < channels; c += kLanes) {
    const Index lanes = std::min<Index>(kLanes, channels - c);
    Index o = 0;
    for (; o + 4 <= out; o += 4)
      depthwise_tile<F, 4>(out, in, channels, x + c, m + o * in * channels + c, y + o * channels + c, lanes, add);
    for (; o < out; ++o)
      depthwise_tile<F, 1>(out, in, channels, x + c, m + o * in * channels + c, y + o * channels + c, lanes, add);
  }
}

void depthwise(Index frames, Index out, Index in, Index channels, const float* x, const float* m, float* y, bool add) {
  Index f = 0;
  for (; f + 4 <= frames; f += 4)
    depthwise_frames<4>(out, in, channels, x + f * in * channels, m, y + f * out * channels, add);
  for (; f < frames; ++f) depthwise_frames<1>(out, in, channels, x + f * in * channels, m, y + f * out * channels, add);
}

template <int O, int I>
void outer_tile(Index frames, Index out, Index in, Index channels, const float* dy, const float* x, float* g,
                Index lanes) {
  Vec acc[O][I];
  for (int o = 0; o < O; ++o)
    for (int i = 0; i < I; ++i) acc[o][i] = get(g + (o * in + i) * channels, lanes);
  for (Index f = 0; f < frames; ++f, dy += out * channels, x += in * channels) {
    Vec xv[I];
    for (int i = 0; i < I; ++i) xv[i] = get(x + i * channels, lanes);
    for (int o = 0; o < O; ++o) {
      const Vec dv = get(dy + o * channels, lanes);
      for (int i = 0; i < I; ++i) acc[o][i] += dv * xv[i];
    }
  }
  for (int o = 0; o < O; ++o)
    for (int i = 0; i < I; ++i) put(g + (o * in + i) * channels, acc[o][i], lanes);
}

// g[o,i,c] += sum_f dy[f,o,c] x[f,i,c]
void outer_products(Index frames, Index out, Index in, Index channels, const float* dy, const float* x, float* g) {
  constexpr Index kBlock = 32;
  for (Index first = 0; first < frames; first += kBlock) {
    const Index n = std::min(kBlock, frames - first);
    for (Index c = 0; c < channels; c += kLanes) {
      const Index lanes = std::min<Index>(kLanes, channels - c);
      const float* d = dy + first * out * channels + c;
      const float* xs = x + first * in * channels + c;
      for (Index o = 0; o < out;) {
        const bool four = o + 4 <= out;
        Index i = 0;
        const auto at = [&](Index ii) { return g + (o * in + ii) * channels + c; };
        for (; four && i + 5 <= in; i += 5)
          outer_tile<4, 5>(n, out, in, channels, d + o * channels, xs + i * channels, at(i), lanes);
        for (; i < in; ++i) {
          if (four)
            outer_tile<4, 1>(n, out, in, channels, d + o * channels, xs + i * channels, at(i), lanes);
          else
            outer_tile<1, 1>(n, out, in, channels, d + o * channels, xs + i * channels, at(i), lanes);
        }
        o += four ? 4 : 1;
      }
    }
  }
}

// Whether a whole vector may be read from where a frame of `size` numbers ends.
bool vector_follows(Index frames_behind, Index size) { return frames_behind * size >= kLanes; }

}  // namespace

void band_mix(Index frames, Index out, Index in, Index channels, const float* x, const float* weight, float* y) {
  for (Index f = 0; f < frames; ++f)
    gemm(out, channels, in, weight, in, 1, x + f * in * channels, channels, y + f * out * channels, channels, 0,
         vector_follows(frames - f - 1, in * channels));
}

void band_mix_backward(Index frames, Index out, Index in, Index channels, const float* x, const float* weight,
                       const float* dy, float* dx, float* dweight) {
  for (Index f = 0; f < frames; ++f)
    gemm(in, channels, out, weight, 1, in, dy + f * out * channels, channels, dx + f * in * channels, channels, 1,
         vector_follows(frames - f - 1, out * channels));
  std::vector<float> g(static_cast<std::size_t>(out * in * channels));
  outer_products(frames, out, in, channels, dy, x, g.data());
  for (Index k = 0; k < out * in; ++k) {
    float s = 0;
    for (Index c = 0; c < channels; ++c) s += g[k * channels + c];
    dweight[k] += s;
  }
}

void depthwise_mix(Index frames, Index out, Index in, Index channels, const float* x, const float* weight, float* y) {
  depthwise(frames, out, in, channels, x, weight, y, false);
}

void depthwise_mix_backward(Index frames, Index out, Index in, Index channels, const float* x, const float* weight,
                            const float* dy, float* dx, float* dweight) {
  std::vector<float> t(static_cast<std::size_t>(out * in * channels));
  for (Index o = 0; o < out; ++o)
    for (Index i = 0; i < in; ++i)
      std::memcpy(&t[(i * out + o) * channels], weight + (o * in + i) * channels,
                  static_cast<std::size_t>(channels) * sizeof(float));
  depthwise(frames, in, out, channels, dy, t.data(), dx, true);
  outer_products(frames, out, in, channels, dy, x, dweight);
}

}  // namespace pellucid::training::kernels
