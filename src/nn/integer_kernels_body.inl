// The products of the integer network on vectors, included once for each instruction set by a file that defines, inside an
// unnamed namespace: kLanes (sums of 32 bits in a register), kRows (rows worked on together), and
//
//   Sums dot(Sums sums, Pairs w, Pairs x)        sums[i] + w[2i] x[2i] + w[2i+1] x[2i+1]
//   Sums widened(Shorts), Shorts narrowed(Sums)  of as many lanes
//
// Weights are packed as pairs of neighbouring inputs, widened to 16 bits, behind the numbers of their rows. What is
// computed is what integer_kernels_scalar.cpp says, bit by bit. Nothing in here may be visible outside.

template <typename V>
PELLUCID_INLINE V load(const void* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

PELLUCID_INLINE Sums smaller(Sums a, Sums b) { return a < b ? a : b; }
PELLUCID_INLINE Sums larger(Sums a, Sums b) { return a > b ? a : b; }
PELLUCID_INLINE Sums all(int32_t x) { return Sums{} + x; }

/// Numbers of kLanes rows, as they stand before their weights.
struct RowNumbers {
  int32_t bias[kLanes], shift[kLanes], multiplier[kLanes], negative[kLanes];
};

PELLUCID_INLINE Sums scale_sums(Sums sum, Sums shift, Sums multiplier, Sums negative) {
  const Sums v = larger(smaller(sum >> shift, all(131071)), all(-131072));
  return (v * (v < 0 ? negative : multiplier) + 8192) >> 14;
}

/// kLanes numbers of 16 bits, widened.
PELLUCID_INLINE Sums widen(const int16_t* p) { return widened(load<Shorts>(p)); }

/// The first `count` lanes, at most all, within ±32767.
PELLUCID_INLINE void store_some(int16_t* y, Sums value, size_t count) {
  const Shorts narrow = narrowed(larger(smaller(value, all(32767)), all(-32767)));
  if (count >= kLanes) {
    __builtin_memcpy(y, &narrow, sizeof narrow);
  } else {
    int16_t lanes[kLanes];
    __builtin_memcpy(lanes, &narrow, sizeof narrow);
    for (size_t i = 0; i < count; ++i) y[i] = lanes[i];
  }
}

/// Two neighbouring numbers, over and over.
PELLUCID_INLINE Pairs both(const int16_t* p) {
  int32_t pair;
  __builtin_memcpy(&pair, p, sizeof pair);
  const Sums spread = all(pair);
  Pairs pairs;
  __builtin_memcpy(&pairs, &spread, sizeof pairs);
  return pairs;
}

/// a[0] b[0] a[1] b[1] …
PELLUCID_INLINE Pairs interleave(const int16_t* a, const int16_t* b) {
  const Sums pairs = (widen(a) & 0xffff) | (b != nullptr ? widen(b) * 65536 : Sums{});
  Pairs result;
  __builtin_memcpy(&result, &pairs, sizeof result);
  return result;
}

static size_t pairs_of(size_t columns) { return (columns + 1) / 2; }
static size_t panels_of(size_t rows) { return (rows + kLanes - 1) / kLanes; }

static void pack_numbers(const IntegerProduct& p, size_t row, size_t lane, RowNumbers* to) {
  to->bias[lane] = p.bias[row];
  to->shift[lane] = p.scale[row].shift;
  to->multiplier[lane] = p.scale[row].multiplier;
  to->negative[lane] = p.scale[row].negative;
}

/// affine: [panel]{RowNumbers, [pair][lane][2]}; mix: [row][pair][2]; dense: [band][panel of channels]{…, as affine}.
static size_t packed_bytes(const IntegerProduct& p, ProductUse use, size_t bands) {
  const size_t pairs = pairs_of(p.columns), panel = sizeof(RowNumbers) + pairs * kLanes * 4;
  if (use == ProductUse::kMix) return p.rows * pairs * 4;
  return use == ProductUse::kDense ? bands * panels_of(p.rows / bands) * panel : panels_of(p.rows) * panel;
}

/// A panel of the rows first, first + step …, `count` of them.
static uint8_t* pack_panel(const IntegerProduct& p, size_t first, size_t step, size_t count, uint8_t* to) {
  const size_t pairs = pairs_of(p.columns);
  RowNumbers* numbers = reinterpret_cast<RowNumbers*>(to);
  int16_t* weights = reinterpret_cast<int16_t*>(numbers + 1);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const size_t row = first + step * lane;
    if (lane < count) {
      pack_numbers(p, row, lane, numbers);
    } else {
      numbers->bias[lane] = numbers->shift[lane] = numbers->multiplier[lane] = numbers->negative[lane] = 0;
    }
    for (size_t i = 0; i < 2 * pairs; ++i) {
      const bool there = lane < count && i < p.columns;
      weights[(i / 2 * kLanes + lane) * 2 + i % 2] = there ? p.weight[row * p.columns + i] : int16_t{0};
    }
  }
  return reinterpret_cast<uint8_t*>(weights + pairs * kLanes * 2);
}

static void pack(const IntegerProduct& p, ProductUse use, size_t bands, void* to) {
  const size_t pairs = pairs_of(p.columns);
  uint8_t* at = static_cast<uint8_t*>(to);
  if (use == ProductUse::kMix) {
    int16_t* weights = static_cast<int16_t*>(to);
    for (size_t r = 0; r < p.rows; ++r) {
      for (size_t i = 0; i < 2 * pairs; ++i) {
        *weights++ = i < p.columns ? p.weight[r * p.columns + i] : int16_t{0};
      }
    }
  } else if (use == ProductUse::kAffine) {
    for (size_t first = 0; first < p.rows; first += kLanes) at = pack_panel(p, first, 1, p.rows - first, at);
  } else {
    const size_t width = p.rows / bands;
    for (size_t b = 0; b < bands; ++b) {
      for (size_t d = 0; d < width; d += kLanes) at = pack_panel(p, d * bands + b, bands, width - d, at);
    }
  }
}

template <size_t kCount>
[[gnu::noinline]] static void affine_tile(const IntegerAffine& a, size_t row, size_t first, const RowNumbers& numbers) {
  const size_t out = a.product->rows, pairs = pairs_of(a.product->columns);
  const int16_t* w = reinterpret_cast<const int16_t*>(&numbers + 1);
  const int16_t* x = a.x + row * a.x_stride;
  Sums sum[kCount];
  for (size_t r = 0; r < kCount; ++r) sum[r] = load<Sums>(numbers.bias);
  for (size_t i = 0; i < pairs; ++i, w += 2 * kLanes, x += 2) {
    const Pairs weight = load<Pairs>(w);
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) sum[r] = dot(sum[r], weight, both(x + r * a.x_stride));
  }
  const Sums shift = load<Sums>(numbers.shift);
  const Sums multiplier = load<Sums>(numbers.multiplier), negative = load<Sums>(numbers.negative);
  const size_t at = row * out + first, count = out - first;
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) {
    Sums value = scale_sums(sum[r], shift, multiplier, negative);
    if (a.residual != nullptr) value += widen(a.residual + at + r * out);
    if (a.residual2 != nullptr) value += widen(a.residual2 + at + r * out);
    store_some(a.y + at + r * out, value, count);
  }
}

template <size_t kCount>
PELLUCID_INLINE void affine_rows(const IntegerAffine& a, size_t rows, size_t row, size_t first, const RowNumbers& n) {
  if (rows == kCount) {
    affine_tile<kCount>(a, row, first, n);
  } else if constexpr (kCount > 1) {
    affine_rows<kCount - 1>(a, rows, row, first, n);
  }
}

static void affine(const IntegerAffine& a) {
  const size_t panel = sizeof(RowNumbers) + pairs_of(a.product->columns) * kLanes * 4;
  const uint8_t* at = static_cast<const uint8_t*>(a.product->packed);
  const size_t tiles = (a.rows + kRows - 1) / kRows;
  for (size_t first = 0; first < a.product->rows; first += kLanes, at += panel) {
    const RowNumbers& numbers = *reinterpret_cast<const RowNumbers*>(at);
    for (size_t tile = 0, row = 0; tile < tiles; ++tile) {
      const size_t next = (tile + 1) * a.rows / tiles;
      affine_rows<kRows>(a, next - row, row, first, numbers);
      row = next;
    }
  }
}

template <size_t kCount>
PELLUCID_INLINE void mix_tile(const IntegerMix& m, size_t row, size_t c) {
  const IntegerProduct& p = *m.product;
  const size_t pairs = pairs_of(p.columns), width = m.width;
  const int16_t* w = static_cast<const int16_t*>(p.packed) + row * pairs * 2;
  Sums sum[kCount];
  for (size_t r = 0; r < kCount; ++r) sum[r] = all(p.bias[row + r]);
  for (size_t i = 0; i < pairs; ++i) {
    const int16_t* x = m.x + 2 * i * width + c;
    const Pairs pair = interleave(x, 2 * i + 1 < p.columns ? x + width : nullptr);
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) sum[r] = dot(sum[r], both(w + (r * pairs + i) * 2), pair);
  }
  for (size_t r = 0; r < kCount; ++r) {
    const RowScale& scale = p.scale[row + r];
    Sums value = scale_sums(sum[r], all(scale.shift), all(scale.multiplier), all(scale.negative));
    const size_t at = (row + r) * width + c;
    if (m.residual != nullptr) value += widen(m.residual + at);
    store_some(m.y + at, value, width - c);
  }
}

static void mix(const IntegerMix& m) {
  for (size_t c = 0; c < m.width; c += kLanes) {
    size_t row = 0;
    for (; row + kRows <= m.product->rows; row += kRows) mix_tile<kRows>(m, row, c);
    for (; row + 4 <= m.product->rows; row += 4) mix_tile<4>(m, row, c);
    for (; row < m.product->rows; ++row) mix_tile<1>(m, row, c);
  }
}

/// kCount bands of kLanes channels.
template <size_t kCount>
PELLUCID_INLINE void bands_tile(const uint8_t* panels, size_t band_bytes, const int16_t* z, size_t bands, size_t width,
                                size_t left, int16_t* m) {
  const RowNumbers* numbers[kCount];
  const int16_t* w[kCount];
  Sums sum[kCount];
#pragma GCC unroll 16
  for (size_t b = 0; b < kCount; ++b) {
    numbers[b] = reinterpret_cast<const RowNumbers*>(panels + b * band_bytes);
    w[b] = reinterpret_cast<const int16_t*>(numbers[b] + 1);
    sum[b] = load<Sums>(numbers[b]->bias);
  }
  for (size_t i = 0; i < bands; i += 2) {
    const Pairs pair = interleave(z + i * width, i + 1 < bands ? z + (i + 1) * width : nullptr);
#pragma GCC unroll 16
    for (size_t b = 0; b < kCount; ++b) sum[b] = dot(sum[b], load<Pairs>(w[b] + i * kLanes), pair);
  }
#pragma GCC unroll 16
  for (size_t b = 0; b < kCount; ++b) {
    const RowNumbers& n = *numbers[b];
    store_some(m + b * width,
               scale_sums(sum[b], load<Sums>(n.shift), load<Sums>(n.multiplier), load<Sums>(n.negative)), left);
  }
}

static void mix_bands(const IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t*) {
  const size_t panel = sizeof(RowNumbers) + pairs_of(bands) * kLanes * 4, band_bytes = panels_of(width) * panel;
  const uint8_t* first = static_cast<const uint8_t*>(p.packed);
  for (size_t d = 0; d < width; d += kLanes, first += panel) {
    size_t b = 0;
    for (; b + 4 <= bands; b += 4) {
      bands_tile<4>(first + b * band_bytes, band_bytes, z + d, bands, width, width - d, m + b * width + d);
    }
    for (; b < bands; ++b) {
      bands_tile<1>(first + b * band_bytes, band_bytes, z + d, bands, width, width - d, m + b * width + d);
    }
  }
}

#include "nn/integer_kernels_bins.inl"
