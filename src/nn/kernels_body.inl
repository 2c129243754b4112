// The kernels, included once for each instruction set by a file that defines kLanes (floats in a register), kRows1 and
// kRows2 (rows worked on together with one and with two panels, so that the sums fill the registers; kRows2 0: one
// panel at a time) inside an unnamed namespace. Nothing in here may be visible outside.

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
// A typedef: in an alias declaration clang forgets the alignment.
typedef float LoadLanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));
constexpr size_t kVectors = kPanel / kLanes;

PELLUCID_INLINE Lanes load(const float* p) { return *reinterpret_cast<const LoadLanes*>(p); }
PELLUCID_INLINE void store(float* p, Lanes v) { *reinterpret_cast<LoadLanes*>(p) = v; }

/// kRows rows of y times kPanels panels of outputs.
template <size_t kRows, size_t kPanels>
PELLUCID_INLINE void affine_tile(const Affine& a, size_t row, size_t panel) {
  constexpr size_t kWide = kPanels * kVectors;
  Lanes sum[kRows][kWide];
  const size_t first = panel * kPanel;
#pragma GCC unroll 16
  for (size_t v = 0; v < kWide; ++v) {
    const Lanes start = a.bias != nullptr ? load(a.bias + first + v * kLanes) : Lanes{};
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) sum[r][v] = start;
  }
  const float* x = a.x + row * a.x_stride;
  const float* w = a.w + panel * a.w_panel;
  const size_t w_panel = a.w_panel, w_row = a.w_row, x_stride = a.x_stride, in = a.in;
  for (size_t i = 0; i < in; ++i) {
    Lanes weight[kWide];
#pragma GCC unroll 16
    for (size_t v = 0; v < kWide; ++v) weight[v] = load(w + v / kVectors * w_panel + v % kVectors * kLanes);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const float value = x[r * x_stride + i];
#pragma GCC unroll 16
      for (size_t v = 0; v < kWide; ++v) sum[r][v] += value * weight[v];
    }
    w += w_row;
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
    const size_t at = (row + r) * a.residual_stride + first;
    float* y = a.y + (row + r) * a.y_stride + first;
#pragma GCC unroll 16
    for (size_t v = 0; v < kWide; ++v) {
      const size_t offset = v * kLanes;
      Lanes value = sum[r][v];
      if (a.slope != nullptr) {
        const Lanes bent = value * load(a.slope + first + offset);
        value = value > 0.0f ? value : bent;
      }
      if (first + offset + kLanes <= a.out) {
        if (a.residual != nullptr) value += load(a.residual + at + offset);
        if (a.residual2 != nullptr) value += load(a.residual2 + at + offset);
        store(y + offset, value);
      } else {
        float last[kLanes];
        store(last, value);
        for (size_t o = offset; first + o < a.out; ++o) {
          float one = last[o - offset];
          if (a.residual != nullptr) one += a.residual[at + o];
          if (a.residual2 != nullptr) one += a.residual2[at + o];
          y[o] = one;
        }
      }
    }
  }
}

template <size_t kRows, size_t kPanels>
PELLUCID_INLINE void affine_rows(const Affine& a, size_t panel) {
  size_t row = 0;
  for (; row + kRows <= a.rows; row += kRows) affine_tile<kRows, kPanels>(a, row, panel);
  for (; row + 2 <= a.rows; row += 2) affine_tile<2, kPanels>(a, row, panel);
  for (; row < a.rows; ++row) affine_tile<1, kPanels>(a, row, panel);
}

static void affine(const Affine& a) {
  const size_t panels = padded(a.out) / kPanel;
  size_t panel = 0;
  if constexpr (kRows2 > 0) {
    for (; panel + 2 <= panels; panel += 2) affine_rows<(kRows2 > 0 ? kRows2 : 1), 2>(a, panel);
  }
  for (; panel < panels; ++panel) affine_rows<kRows1, 1>(a, panel);
}

static void mix_bands(const float* w, const float* z, float* m, size_t bands, size_t width) {
  for (size_t b = 0; b < bands; ++b, w += bands * width, m += width) {
    size_t d = 0;
    for (; d + 2 * kLanes <= width; d += 2 * kLanes) {
      Lanes sum0 = {}, sum1 = {};
      for (size_t i = 0; i < bands; ++i) {
        sum0 += load(w + i * width + d) * load(z + i * width + d);
        sum1 += load(w + i * width + d + kLanes) * load(z + i * width + d + kLanes);
      }
      store(m + d, sum0);
      store(m + d + kLanes, sum1);
    }
    for (; d < width; ++d) {
      float sum = 0.0f;
      for (size_t i = 0; i < bands; ++i) sum += w[i * width + d] * z[i * width + d];
      m[d] = sum;
    }
  }
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
  float* __restrict power = scratch;
  for (size_t k = 0; k < bins; ++k) {
    const float mr = mask[2 * k], mi = mask[2 * k + 1], xr = features[3 * k], xi = features[3 * k + 1];
    const float re = mr * xr - mi * xi, im = mr * xi + mi * xr;
    spectrum[2 * k] = re;
    spectrum[2 * k + 1] = im;
    power[k] = re * re + im * im;
  }
  const dsp::Power from_mask = c.from_mask;
  // Below 1e-30 the result is nothing, but its power has to be a normal number.
  for (size_t k = 0; k < bins; ++k) power[k] = dsp::pow_of(dsp::max_of(power[k], 1e-30f), from_mask);
  for (size_t k = 0; k < bins; ++k) {
    spectrum[2 * k] *= power[k];
    spectrum[2 * k + 1] *= power[k];
  }
}
