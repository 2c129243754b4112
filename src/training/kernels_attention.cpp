// Attention over past frames or over the bands, and its gradient.
//
// Sixteen frames are worked out side by side: for one sequence, band and head, or one run of frames and head, queries,
// keys and values are first put in order so that neighbouring frames lie next to each other. Over frames an entry is
// then the same array, read some frames earlier; over bands it is another array.
#include <algorithm>
#include <cmath>
#include <vector>

#include "training/kernels.hpp"
#include "training/vector.hpp"

namespace pellucid::training::kernels {
namespace {

constexpr float kLog2E = 1.4426950408889634f;

// Where things lie in the arrays of one problem.
struct Layout {
  Index problems = 0;                          // for each head
  Index queries = 0;                           // vectors of sixteen
  Index width = 0;                             // columns of a head
  Index stride = 0;                            // from column to column
  Index first = 0;                             // the first query
  Index query_step = 0;                        // from query to query
  Index entry_query_step = 0, entry_step = 0;  // an entry of a query is at first + query * … + entry * …
  Index size = 0;                              // of one array
  Index position_step = 0;                     // from query to query

  Index query(Index v) const { return first + v * query_step; }
  Index entry(Index v, Index j) const { return first + v * entry_query_step + j * entry_step; }
};

Index in_vectors(Index n) { return (n + kLanes - 1) / kLanes; }

Layout layout_of(const Attention& a) {
  Layout l;
  l.width = a.hidden / a.heads;
  if (a.over_frames) {  // [width][W-1 zeros, then the frames]
    l.problems = a.frames / a.steps * a.bands;
    l.queries = in_vectors(a.steps);
    l.first = a.entries - 1;
    l.stride = l.first + l.queries * kLanes;
    l.query_step = l.entry_query_step = kLanes;
    l.entry_step = -1;
    l.size = l.width * l.stride;
  } else {  // [bands][width][sixteen frames]
    l.problems = in_vectors(a.frames);
    l.queries = a.bands;
    l.stride = kLanes;
    l.query_step = l.entry_step = l.width * kLanes;
    l.size = a.bands * l.width * kLanes;
    l.position_step = a.bands;
  }
  return l;
}

// body(row, place in the arrays) for every row of a problem.
template <typename Body>
void for_rows(const Attention& a, const Layout& l, Index problem, Body body) {
  if (a.over_frames) {
    const Index sequence = problem / a.bands, band = problem % a.bands;
    for (Index t = 0; t < a.steps; ++t) body((sequence * a.steps + t) * a.bands + band, l.first + t);
    return;
  }
  const Index begin = problem * kLanes, count = std::min<Index>(kLanes, a.frames - begin);
  for (Index f = 0; f < count; ++f)
    for (Index b = 0; b < a.bands; ++b) body((begin + f) * a.bands + b, b * l.query_step + f);
}

void take(const float* from, const Layout& l, Index place, float* to) {
  for (Index i = 0; i < l.width; ++i) to[place + i * l.stride] = from[i];
}

void give(const float* from, const Layout& l, Index place, float* to) {
  for (Index i = 0; i < l.width; ++i) to[i] = from[place + i * l.stride];
}

// out[j] = sum_i x[i] of the query times k[i] of entry j.
void products(const Layout& l, Index v, Index entries, const float* x, const float* k, float* out) {
  const float* query = x + l.query(v);
  Index j = 0;
  for (; j + 4 <= entries; j += 4) {
    const float* at = k + l.entry(v, j);
    Vec sum[4] = {};
    for (Index i = 0; i < l.width; ++i) {
      const Vec q = load(query + i * l.stride);
      for (int n = 0; n < 4; ++n) sum[n] += q * load(at + i * l.stride + n * l.entry_step);
    }
    for (int n = 0; n < 4; ++n) store(out + (j + n) * kLanes, sum[n]);
  }
  for (; j < entries; ++j) {
    const float* at = k + l.entry(v, j);
    Vec sum = {};
    for (Index i = 0; i < l.width; ++i) sum += load(query + i * l.stride) * load(at + i * l.stride);
    store(out + j * kLanes, sum);
  }
}

// out[i] of the query = scale * sum_j weight[j] x[i] of entry j.
void combine(const Layout& l, Index v, Index entries, const float* weight, const float* x, float scale, float* out) {
  float* query = out + l.query(v);
  const float* at = x + l.entry(v, 0);
  for (Index i = 0; i < l.width; i += 4) {
    const Index count = std::min<Index>(4, l.width - i);
    Vec sum[4] = {};
    for (Index j = 0; j < entries; ++j) {
      const Vec w = load(weight + j * kLanes);
      const float* entry = at + j * l.entry_step + i * l.stride;
      for (Index n = 0; n < count; ++n) sum[n] += w * load(entry + n * l.stride);
    }
    for (Index n = 0; n < count; ++n) store(query + (i + n) * l.stride, sum[n] * scale);
  }
}

// out[i] of entry j += scale * weight[j] * x[i] of the query: what combine does, transposed.
void spread(const Layout& l, Index v, Index entries, const float* weight, const float* x, float scale, float* out) {
  const float* query = x + l.query(v);
  for (Index j = 0; j < entries; ++j) {
    const Vec w = load(weight + j * kLanes) * scale;
    float* entry = out + l.entry(v, j);
    for (Index i = 0; i < l.width; ++i) {
      float* at = entry + i * l.stride;
      store(at, load(at) + w * load(query + i * l.stride));
    }
  }
}

void softmax(Index entries, const float* position, float scale, float* s) {
  Vec most = splat(-1e30f), sum = {};
  for (Index j = 0; j < entries; ++j) {
    const Vec x = load(s + j * kLanes) * scale + position[j];
    store(s + j * kLanes, x);
    most = select(x > most, x, most);
  }
  for (Index j = 0; j < entries; ++j) {
    const Vec e = exp2(clamp((load(s + j * kLanes) - most) * kLog2E, -126.0f, 0.0f));
    store(s + j * kLanes, e);
    sum += e;
  }
  const Vec share = 1.0f / sum;
  for (Index j = 0; j < entries; ++j) store(s + j * kLanes, load(s + j * kLanes) * share);
}

float scale_of(const Layout& l) { return 1.0f / std::sqrt(float(l.width)); }

using Floats = std::vector<float>;
Floats array_of(const Layout& l) { return Floats(static_cast<std::size_t>(l.size)); }

}  // namespace

Index attention_weights(const Attention& a) {
  const Layout l = layout_of(a);
  return l.problems * a.heads * l.queries * a.entries * kLanes;
}

void attend(const Attention& a, const float* qkv, const float* position, float* y, float* weights) {
  const Layout l = layout_of(a);
  const Index positions = std::max<Index>(1, l.position_step) * a.entries;
  Floats q = array_of(l), k = array_of(l), v = array_of(l), out = array_of(l);
  for (Index problem = 0; problem < l.problems; ++problem) {
    for (Index head = 0; head < a.heads; ++head) {
      for_rows(a, l, problem, [&](Index row, Index place) {
        const float* from = qkv + row * 3 * a.hidden + head * l.width;
        take(from, l, place, q.data());
        take(from + a.hidden, l, place, k.data());
        take(from + 2 * a.hidden, l, place, v.data());
      });
      for (Index n = 0; n < l.queries; ++n, weights += a.entries * kLanes) {
        products(l, n, a.entries, q.data(), k.data(), weights);
        softmax(a.entries, position + head * positions + n * l.position_step, scale_of(l), weights);
        combine(l, n, a.entries, weights, v.data(), 1.0f, out.data());
      }
      for_rows(a, l, problem,
               [&](Index row, Index place) { give(out.data(), l, place, y + row * a.hidden + head * l.width); });
    }
  }
}

void attend_backward(const Attention& a, const float* qkv, const float* weights, const float* dy, float* dqkv,
                     float* dposition) {
  const Layout l = layout_of(a);
  const Index positions = std::max<Index>(1, l.position_step) * a.entries;
  Floats q = array_of(l), k = array_of(l), v = array_of(l), d = array_of(l);
  Floats dq = array_of(l), dk = array_of(l), dv = array_of(l);
  Floats slopes(static_cast<std::size_t>(a.entries * kLanes));
  Floats sums(static_cast<std::size_t>(a.heads * positions * kLanes));  // of dposition, sixteen side by side
  for (Index problem = 0; problem < l.problems; ++problem) {
    for (Index head = 0; head < a.heads; ++head) {
      std::fill(d.begin(), d.end(), 0.0f);  // lanes without a frame have no gradient
      for_rows(a, l, problem, [&](Index row, Index place) {
        const float* from = qkv + row * 3 * a.hidden + head * l.width;
        take(from, l, place, q.data());
        take(from + a.hidden, l, place, k.data());
        take(from + 2 * a.hidden, l, place, v.data());
        take(dy + row * a.hidden + head * l.width, l, place, d.data());
      });
      std::fill(dk.begin(), dk.end(), 0.0f);
      std::fill(dv.begin(), dv.end(), 0.0f);
      for (Index n = 0; n < l.queries; ++n, weights += a.entries * kLanes) {
        spread(l, n, a.entries, weights, d.data(), 1.0f, dv.data());
        products(l, n, a.entries, d.data(), v.data(), slopes.data());
        Vec mean = {};
        for (Index j = 0; j < a.entries; ++j) mean += load(weights + j * kLanes) * load(&slopes[j * kLanes]);
        float* sum = &sums[(head * positions + n * l.position_step) * kLanes];
        for (Index j = 0; j < a.entries; ++j) {  // of the softmax
          const Vec s = load(weights + j * kLanes) * (load(&slopes[j * kLanes]) - mean);
          store(&slopes[j * kLanes], s);
          store(sum + j * kLanes, load(sum + j * kLanes) + s);
        }
        combine(l, n, a.entries, slopes.data(), k.data(), scale_of(l), dq.data());
        spread(l, n, a.entries, slopes.data(), q.data(), scale_of(l), dk.data());
      }
      for_rows(a, l, problem, [&](Index row, Index place) {
        float* to = dqkv + row * 3 * a.hidden + head * l.width;
        give(dq.data(), l, place, to);
        give(dk.data(), l, place, to + a.hidden);
        give(dv.data(), l, place, to + 2 * a.hidden);
      });
    }
  }
  for (Index i = 0; i < a.heads * positions; ++i)
    for (Index lane = 0; lane < kLanes; ++lane) dposition[i] += sums[i * kLanes + lane];
}

}  // namespace pellucid::training::kernels
