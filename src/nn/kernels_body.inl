// The kernels, included once for each instruction set by a file that defines, inside an unnamed namespace: kLanes
// (floats in a register), kPanel (a multiple of it), kNarrow (lanes of a smaller register for a last panel that is
// mostly empty; 0 for none), kRows1 and kRows2 (rows worked on together with one and with two panels, so that the sums
// fill the registers; kRows2 0: one panel at a time), and kSparsePercent. Nothing in here may be visible outside.

template <size_t kCount>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kCount * sizeof(float))));
};
using Lanes = VectorOf<kLanes>::Type;
using Narrow = VectorOf<(kNarrow > 0 ? kNarrow : kLanes)>::Type;

template <typename V>
PELLUCID_INLINE V load(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <typename V>
PELLUCID_INLINE void store(float* p, V v) {
  __builtin_memcpy(p, &v, sizeof v);
}
/// The first `count` lanes, at most all.
template <typename V>
PELLUCID_INLINE void store_some(float* p, V v, size_t count) {
  constexpr size_t kAll = sizeof(V) / sizeof(float);
  if (count >= kAll) {
    store(p, v);
  } else {
    float lanes[kAll];
    store(lanes, v);
    for (size_t i = 0; i < count; ++i) p[i] = lanes[i];
  }
}

/// kRows rows of y times kWide registers V of outputs, from output `first`, which begins a panel. kSparse: one panel.
template <typename V, size_t kRows, size_t kWide, bool kSparse>
[[gnu::noinline]] static void affine_tile(const Affine& a, size_t row, size_t first) {
  constexpr size_t kStep = sizeof(V) / sizeof(float);
  V sum[kRows][kWide];
#pragma GCC unroll 16
  for (size_t v = 0; v < kWide; ++v) {
    const V start = a.bias != nullptr ? load<V>(a.bias + first + v * kStep) : V{};
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) sum[r][v] = start;
  }
  // Three rows share a pointer: the others are at one and two strides from it, which addressing does for nothing.
  constexpr size_t kPointers = (kRows + 2) / 3;
  const size_t x_stride = a.x_stride;
  const float* x[kPointers];
#pragma GCC unroll 16
  for (size_t p = 0; p < kPointers; ++p) x[p] = a.x + (row + 3 * p) * x_stride;
  if constexpr (kSparse) {
    const size_t panel = first / kPanel;
    size_t block = panel > 0 ? a.block_end[panel - 1] : 0;
    const size_t end = a.block_end[panel];
    const float* w = a.w + block * kBlockInputs * kPanel;
    for (; block < end; ++block, w += kBlockInputs * kPanel) {
      const size_t step = a.block_step[block];
#pragma GCC unroll 16
      for (size_t p = 0; p < kPointers; ++p) x[p] += step;
      for (size_t i = 0; i < kBlockInputs; ++i) {
        V weight[kWide];
#pragma GCC unroll 16
        for (size_t v = 0; v < kWide; ++v) weight[v] = load<V>(w + i * kPanel + v * kStep);
#pragma GCC unroll 16
        for (size_t r = 0; r < kRows; ++r) {
          const float value = x[r / 3][r % 3 * x_stride + i];
#pragma GCC unroll 16
          for (size_t v = 0; v < kWide; ++v) sum[r][v] += value * weight[v];
        }
      }
    }
  } else {
    const size_t w_panel = a.w_panel, w_row = a.w_row;
    const float* w = a.w + first / kPanel * w_panel;
    for (size_t left = a.in; left > 0; --left) {
      V weight[kWide];
#pragma GCC unroll 16
      for (size_t v = 0; v < kWide; ++v) weight[v] = load<V>(w + v * kStep / kPanel * w_panel + v * kStep % kPanel);
#pragma GCC unroll 16
      for (size_t r = 0; r < kRows; ++r) {
        const float value = x[r / 3][r % 3 * x_stride];
#pragma GCC unroll 16
        for (size_t v = 0; v < kWide; ++v) sum[r][v] += value * weight[v];
      }
#pragma GCC unroll 16
      for (size_t p = 0; p < kPointers; ++p) ++x[p];
      w += w_row;
    }
  }
  if (a.slope != nullptr) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kWide; ++v) {
      const V slope = load<V>(a.slope + first + v * kStep);
#pragma GCC unroll 16
      for (size_t r = 0; r < kRows; ++r) {
        const V value = sum[r][v], bent = value * slope;
        sum[r][v] = value > 0.0f ? value : bent;
      }
    }
  }
  const float* const residuals[] = {a.residual, a.residual2};
  for (const float* residual : residuals) {
    if (residual == nullptr) continue;
    residual += row * a.residual_stride + first;
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (size_t v = 0; v < kWide; ++v) sum[r][v] += load<V>(residual + r * a.residual_stride + v * kStep);
    }
  }
  float* y = a.y + row * a.y_stride + first;
  const size_t count = a.out - first;
  if (count >= kWide * kStep) {
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (size_t v = 0; v < kWide; ++v) store(y + r * a.y_stride + v * kStep, sum[r][v]);
    }
  } else {
    // By way of memory, so that elsewhere the sums can stay in registers.
    float all[kRows][kWide * kStep];
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (size_t v = 0; v < kWide; ++v) store(&all[r][v * kStep], sum[r][v]);
    }
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t o = 0; o < count; ++o) y[r * a.y_stride + o] = all[r][o];
    }
  }
}

template <typename V, size_t kRows, size_t kWide, bool kSparse>
PELLUCID_INLINE void affine_rows(const Affine& a, size_t rows, size_t row, size_t first) {
  if (rows == kRows) {
    affine_tile<V, kRows, kWide, kSparse>(a, row, first);
  } else if constexpr (kRows > 1) {
    affine_rows<V, kRows - 1, kWide, kSparse>(a, rows, row, first);
  }
}

/// All rows in tiles of nearly the same height: none so low that its sums wait for each other.
template <typename V, size_t kMostRows, size_t kWide, bool kSparse = false>
static void affine_columns(const Affine& a, size_t first) {
  const size_t tiles = (a.rows + kMostRows - 1) / kMostRows;
  for (size_t tile = 0, row = 0; tile < tiles; ++tile) {
    const size_t next = (tile + 1) * a.rows / tiles;
    affine_rows<V, kMostRows, kWide, kSparse>(a, next - row, row, first);
    row = next;
  }
}

/// From output `first` on, one panel at a time.
template <bool kSparse>
static void affine_panels(const Affine& a, size_t first) {
  for (; first + kNarrow < a.out; first += kPanel) affine_columns<Lanes, kRows1, kPanel / kLanes, kSparse>(a, first);
  if constexpr (kNarrow > 0) {
    if (first < a.out) affine_columns<Narrow, kRows1, 1, kSparse>(a, first);
  }
}

static void affine(const Affine& a) {
  if constexpr (kSparsePercent > 0) {
    if (a.block_end != nullptr) {
      affine_panels<true>(a, 0);
      return;
    }
  }
  size_t first = 0;
  if constexpr (kRows2 > 0) {
    for (; first + kPanel + kNarrow < a.out; first += 2 * kPanel) {
      affine_columns<Lanes, (kRows2 > 0 ? kRows2 : 1), 2 * kPanel / kLanes>(a, first);
    }
  }
  affine_panels<false>(a, first);
}

/// kRows rows of m times kWide registers.
template <size_t kRows, size_t kWide>
PELLUCID_INLINE void mix_tile(const float* w, const float* z, float* m, size_t bands, size_t width, size_t count) {
  Lanes sum[kRows][kWide] = {};
  for (size_t i = 0; i < bands; ++i) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kWide; ++v) {
      const Lanes value = load<Lanes>(z + i * width + v * kLanes);
#pragma GCC unroll 16
      for (size_t r = 0; r < kRows; ++r) {
        sum[r][v] += value * load<Lanes>(w + (r * bands + i) * width + v * kLanes);
      }
    }
  }
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t v = 0; v < kWide && v * kLanes < count; ++v) {
      store_some(m + r * width + v * kLanes, sum[r][v], count - v * kLanes);
    }
  }
}

template <size_t kRows>
PELLUCID_INLINE void mix_rows(const float* w, const float* z, float* m, size_t bands, size_t width) {
  size_t d = 0;
  for (; d + kLanes < width; d += 2 * kLanes) mix_tile<kRows, 2>(w + d, z + d, m + d, bands, width, width - d);
  if (d < width) mix_tile<kRows, 1>(w + d, z + d, m + d, bands, width, width - d);
}

static void mix_bands(const float* w, const float* z, float* m, size_t bands, size_t width) {
  size_t b = 0;
  for (; b + 4 <= bands; b += 4) mix_rows<4>(w + b * bands * width, z, m + b * width, bands, width);
  for (; b < bands; ++b) mix_rows<1>(w + b * bands * width, z, m + b * width, bands, width);
}

static void gru_gates(const float* gi, const float* gh, float* h, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; ++row, gi += 3 * hidden, gh += 3 * hidden, h += hidden) {
    const float* __restrict ir = gi;
    const float* __restrict hr = gh;
    float* __restrict out = h;
    for (size_t j = 0; j < hidden; ++j) {
      const float reset = dsp::sigmoid_of(ir[j] + hr[j]);
      const float update = dsp::sigmoid_of(ir[hidden + j] + hr[hidden + j]);
      const float fresh = dsp::tanh_of(ir[2 * hidden + j] + reset * hr[2 * hidden + j]);
      out[j] = fresh + update * (out[j] - fresh);
    }
  }
}

/// The product of two rows, `count` floats.
static float product_of(const float* a, const float* b, size_t count) {
  Lanes sum = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum += load<Lanes>(a + i) * load<Lanes>(b + i);
  float lanes[kLanes], total = 0.0f;
  store(lanes, sum);
  for (size_t lane = 0; lane < kLanes; ++lane) total += lanes[lane];
  for (; i < count; ++i) total += a[i] * b[i];
  return total;
}

static void attend(const Attention& a) {
  float* __restrict scores = a.scores;
  for (size_t row = 0; row < a.rows; ++row) {
    for (size_t head = 0; head < a.heads; ++head) {
      const size_t column = head * a.head_width, at = row * a.entry_stride + column;
      const float* q = a.q + row * a.q_stride + column;
      const float* position = a.position + head * a.position_head + row * a.position_row;
      float most = -1e30f, sum = 0.0f;
      for (size_t j = 0; j < a.entries; ++j) {
        scores[j] = a.scale * product_of(q, a.entry[j] + at, a.head_width) + position[j];
        most = dsp::max_of(most, scores[j]);
      }
      for (size_t j = 0; j < a.entries; ++j) scores[j] = dsp::exp_of(scores[j] - most);
      for (size_t j = 0; j < a.entries; ++j) sum += scores[j];
      const float share = 1.0f / sum;
      float* y = a.y + row * a.y_stride + column;
      for (size_t i = 0; i < a.head_width; i += kLanes) {
        Lanes mean = {};
        for (size_t j = 0; j < a.entries; ++j) mean += scores[j] * load<Lanes>(a.entry[j] + at + a.value_offset + i);
        store_some(y + i, mean * share, a.head_width - i);
      }
    }
  }
}

static void compress(const Compression& c, const float* spectrum, float* features, float* scratch, size_t bins) {
  float* __restrict gain = scratch;
  float* __restrict magnitude = scratch + bins;
  for (size_t k = 0; k < bins; ++k) {
    const float re = spectrum[2 * k], im = spectrum[2 * k + 1];
    magnitude[k] = re * re + im * im + 1e-12f;
  }
  const dsp::Power to_spectrum = c.to_spectrum, to_magnitude = c.to_magnitude;
  for (size_t k = 0; k < bins; ++k) {
    const float power = magnitude[k];
    gain[k] = dsp::pow_of(power, to_spectrum);
    magnitude[k] = dsp::pow_of(power, to_magnitude);
  }
  for (size_t k = 0; k < bins; ++k) {
    features[3 * k] = spectrum[2 * k] * gain[k];
    features[3 * k + 1] = spectrum[2 * k + 1] * gain[k];
    features[3 * k + 2] = magnitude[k];
  }
}

static void decompress(const Compression& c, const float* mask, const float* features, float* spectrum, float* scratch,
                       size_t bins) {
  // Real and imaginary parts apart: GCC 12 fuses interleaved products and sums even where contraction is off.
  float* __restrict re = scratch;
  float* __restrict im = scratch + bins;
  for (size_t k = 0; k < bins; ++k) {
    const float mr = mask[2 * k], mi = mask[2 * k + 1], xr = features[3 * k], xi = features[3 * k + 1];
    re[k] = mr * xr - mi * xi;
    im[k] = mr * xi + mi * xr;
  }
  const dsp::Power from_mask = c.from_mask;
  for (size_t k = 0; k < bins; ++k) {
    // Below 1e-30 the result is nothing, but its power has to be a normal number.
    const float gain = dsp::pow_of(dsp::max_of(re[k] * re[k] + im[k] * im[k], 1e-30f), from_mask);
    spectrum[2 * k] = re[k] * gain;
    spectrum[2 * k + 1] = im[k] * gain;
  }
}

static size_t saturate(size_t rounds) {
  constexpr size_t kFilled = kRows1 * (kPanel / kLanes), kSums = kFilled > 12 ? kFilled : 12;
  // Sums that tend to 2 from different starts, of numbers that a compiler does not know, lest it does less.
  volatile float half = 0.5f, one = 1.0f;
  const Lanes factor = Lanes{} + half, term = Lanes{} + one;
  Lanes sum[kSums];
  for (size_t s = 0; s < kSums; ++s) sum[s] = term * static_cast<float>(s);
  for (size_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 32
    for (size_t s = 0; s < kSums; ++s) sum[s] = sum[s] * factor + term;
  }
  volatile float used = 0.0f;
  for (size_t s = 0; s < kSums; ++s) used = used + sum[s][0];
  return rounds * kSums * kLanes;
}
