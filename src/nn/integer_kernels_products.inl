// The products of the integer network on vectors, included after integer_kernels_body.inl. Weights are packed as pairs
// of neighbouring inputs, widened to 16 bits, behind the numbers of their rows, or fours where half a register would be
// empty: then two neighbouring lanes add up half a row each.

#include "nn/integer_kernels_results.inl"

constexpr size_t kHalf = kLanes / 2;

static size_t pairs_of(size_t columns) { return (columns + 1) / 2; }
static size_t fours_of(size_t columns) { return (columns + 3) / 4; }
static size_t panels_of(size_t rows) { return (rows + kLanes - 1) / kLanes; }
static size_t panel_bytes(size_t columns) { return sizeof(RowNumbers) + pairs_of(columns) * kLanes * 4; }
static size_t row_bytes(size_t columns) { return sizeof(OneRow) + fours_of(columns) * 8; }
/// Whether a layer's rows fill half a register.
static bool is_half(const IntegerProduct& p) { return kLanes == 16 && p.rows == kHalf; }

static OneRow numbers_of(const IntegerProduct& p, size_t row) {
  return {p.bias[row], p.scale[row].shift, p.scale[row].multiplier, p.scale[row].negative};
}

static void put_numbers(const OneRow& row, size_t lane, RowNumbers* to) {
  to->bias[lane] = row.bias;
  to->shift[lane] = row.shift;
  to->multiplier[lane] = row.multiplier;
  to->negative[lane] = row.negative;
}

static int16_t weight_of(const IntegerProduct& p, size_t row, size_t column) {
  return column < p.columns ? p.weight[row * p.columns + column] : int16_t{0};
}

/// affine: [panel]{RowNumbers, [pair][lane][2]}, or {RowNumbers, [four][row][4]} where is_half;
/// mix: [row]{OneRow, [four][4]}; dense: [band][panel of channels]{…, as affine}.
static size_t packed_bytes(const IntegerProduct& p, ProductUse use, size_t bands) {
  const size_t panel = panel_bytes(p.columns);
  if (use == ProductUse::kMix) return p.rows * row_bytes(p.columns);
  if (use == ProductUse::kDense) return bands * panels_of(p.rows / bands) * panel;
  return is_half(p) ? sizeof(RowNumbers) + fours_of(p.columns) * kLanes * 4 : panels_of(p.rows) * panel;
}

/// A panel of the rows first, first + step …, `count` of them.
static uint8_t* pack_panel(const IntegerProduct& p, size_t first, size_t step, size_t count, uint8_t* to) {
  const size_t pairs = pairs_of(p.columns);
  RowNumbers* numbers = reinterpret_cast<RowNumbers*>(to);
  int16_t* weights = reinterpret_cast<int16_t*>(numbers + 1);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const size_t row = first + step * lane;
    put_numbers(lane < count ? numbers_of(p, row) : OneRow{}, lane, numbers);
    for (size_t i = 0; i < 2 * pairs; ++i) {
      weights[(i / 2 * kLanes + lane) * 2 + i % 2] = lane < count ? weight_of(p, row, i) : int16_t{0};
    }
  }
  return reinterpret_cast<uint8_t*>(weights + pairs * kLanes * 2);
}

/// kHalf rows, whose biases stand in every second lane and whose other numbers twice.
static void pack_half(const IntegerProduct& p, void* to) {
  RowNumbers* numbers = static_cast<RowNumbers*>(to);
  int16_t* weights = reinterpret_cast<int16_t*>(numbers + 1);
  for (size_t row = 0; row < kHalf; ++row) {
    put_numbers(numbers_of(p, row), row, numbers);
    put_numbers(numbers_of(p, row), kHalf + row, numbers);
    for (size_t i = 0; i < 4 * fours_of(p.columns); ++i) {
      weights[(i / 4 * kHalf + row) * 4 + i % 4] = weight_of(p, row, i);
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) numbers->bias[lane] = lane % 2 == 0 ? p.bias[lane / 2] : 0;
}

static void pack(const IntegerProduct& p, ProductUse use, size_t bands, void* to) {
  uint8_t* at = static_cast<uint8_t*>(to);
  if (use == ProductUse::kMix) {
    for (size_t r = 0; r < p.rows; ++r, at += row_bytes(p.columns)) {
      OneRow* numbers = reinterpret_cast<OneRow*>(at);
      int16_t* weights = reinterpret_cast<int16_t*>(numbers + 1);
      *numbers = numbers_of(p, r);
      for (size_t i = 0; i < 4 * fours_of(p.columns); ++i) weights[i] = weight_of(p, r, i);
    }
  } else if (use == ProductUse::kDense) {
    const size_t width = p.rows / bands;
    for (size_t b = 0; b < bands; ++b) {
      for (size_t d = 0; d < width; d += kLanes) at = pack_panel(p, d * bands + b, bands, width - d, at);
    }
  } else if (is_half(p)) {
    pack_half(p, to);
  } else {
    for (size_t first = 0; first < p.rows; first += kLanes) at = pack_panel(p, first, 1, p.rows - first, at);
  }
}

/// kCount rows of kPanels panels, from output `first` on.
template <size_t kCount, size_t kPanels>
[[gnu::noinline]] static void affine_tile(const IntegerAffine& args, size_t row, size_t first) {
  const IntegerAffine a = args;
  const IntegerProduct& p = *a.product;
  const size_t out = p.rows, pairs = pairs_of(p.columns), stride = a.x_stride, bytes = panel_bytes(p.columns);
  const uint8_t* panel = static_cast<const uint8_t*>(p.packed) + first / kLanes * bytes;
  Sums sum[kPanels][kCount];
#pragma GCC unroll 2
  for (size_t i = 0; i < kPanels; ++i) {
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) sum[i][r] = load<Sums>(panel + i * bytes);
  }
  const int16_t *x = a.x + row * stride, *later = x + 8 * stride;
  const uint8_t* w = panel + sizeof(RowNumbers);
  for (size_t pair = 0; pair < pairs; ++pair, x += 2, later += 2, w += sizeof(Pairs)) {
    Pairs weight[kPanels];
#pragma GCC unroll 2
    for (size_t i = 0; i < kPanels; ++i) weight[i] = load<Pairs>(w + i * bytes);
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) {
      const Pairs value = both(r < 8 ? x + r * stride : later + (r - 8) * stride);
#pragma GCC unroll 2
      for (size_t i = 0; i < kPanels; ++i) sum[i][r] = dot(sum[i][r], weight[i], value);
    }
  }
  const Results to = {a.y, a.residual, a.residual2};
  const Scales scales = scales_of(*reinterpret_cast<const RowNumbers*>(panel));
  const size_t at = row * out + first;
  if constexpr (kPanels == 2) {
    const Scales scales2 = scales_of(*reinterpret_cast<const RowNumbers*>(panel + bytes));
    if (out - first >= 2 * kLanes) return finish_rows(to, sum[0], sum[1], scales, scales2, at, out, Known<kCount>{});
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) {
      to.store(scale_sums<true>(sum[0][r], scales), at + r * out, kLanes);
      to.store(scale_sums<true>(sum[1][r], scales2), at + r * out + kLanes, out - first - kLanes);
    }
  } else {
    if constexpr (kCount > 1) {
      if (out == kLanes) return finish_together<kCount>(to, sum[0], scales, at);
    }
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) to.store(scale_sums<true>(sum[0][r], scales), at + r * out, out - first);
  }
}

/// All rows from `row` on, kCount at a time, then fewer.
template <size_t kCount, size_t kPanels>
PELLUCID_INLINE void affine_rows(const IntegerAffine& a, size_t row, size_t first) {
  for (; row + kCount <= a.rows; row += kCount) affine_tile<kCount, kPanels>(a, row, first);
  if constexpr (kCount > 1) affine_rows<kCount / 2, kPanels>(a, row, first);
}

/// kPairs times two rows of a product that is_half.
template <size_t kPairs>
[[gnu::noinline]] static void half_tile(const IntegerAffine& args, size_t row) {
  constexpr size_t kCount = 2 * kPairs;
  const IntegerAffine a = args;
  const RowNumbers& numbers = *static_cast<const RowNumbers*>(a.product->packed);
  const int16_t* w = reinterpret_cast<const int16_t*>(&numbers + 1);
  const size_t fours = fours_of(a.product->columns), stride = a.x_stride;
  Sums sum[kCount];
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) sum[r] = load<Sums>(numbers.bias);
  const int16_t *x = a.x + row * stride, *later = x + 8 * stride;
  for (size_t i = 0; i < fours; ++i, x += 4, later += 4, w += 2 * kLanes) {
    const Pairs weight = load<Pairs>(w);
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) {
      sum[r] = dot(sum[r], weight, four(r < 8 ? x + r * stride : later + (r - 8) * stride));
    }
  }
  Sums rows[kPairs];
#pragma GCC unroll 8
  for (size_t i = 0; i < kPairs; ++i) {
    rows[i] = unzip<false>(sum[2 * i], sum[2 * i + 1]) + unzip<true>(sum[2 * i], sum[2 * i + 1]);
  }
  finish_together<kPairs>({a.y, a.residual, a.residual2}, rows, scales_of(numbers), row * kHalf);
}

/// A last row alone: what its lanes have from another is not stored.
[[gnu::noinline]] static void half_row(const IntegerAffine& a, size_t row) {
  const RowNumbers& numbers = *static_cast<const RowNumbers*>(a.product->packed);
  const int16_t *w = reinterpret_cast<const int16_t*>(&numbers + 1), *x = a.x + row * a.x_stride;
  Sums sum = load<Sums>(numbers.bias);
  for (size_t i = 0; i < fours_of(a.product->columns); ++i) {
    sum = dot(sum, load<Pairs>(w + i * 2 * kLanes), four(x + 4 * i));
  }
  const Results to = {a.y, a.residual, a.residual2};
  const Sums value = scale_sums<true>(unzip<false>(sum, sum) + unzip<true>(sum, sum), scales_of(numbers));
  to.store(value, row * kHalf, kHalf);
}

static void affine(const IntegerAffine& args) {
  IntegerAffine a = args;
  if (a.residual == nullptr) {
    a.residual = a.residual2;
    a.residual2 = nullptr;
  }
  const size_t out = a.product->rows;
  size_t first = 0;
  if (is_half(*a.product)) {
    size_t row = 0;
    for (; row + 16 <= a.rows; row += 16) half_tile<8>(a, row);
    for (; row + 4 <= a.rows; row += 4) half_tile<2>(a, row);
    for (; row < a.rows; ++row) half_row(a, row);
    return;
  }
  for (; out - first > kLanes; first += 2 * kLanes) {
    affine_rows<kRowsOfTwo, 2>(a, 0, first);
    if (first + 2 * kLanes >= out) return;
  }
  if (first < out) affine_rows<kRows, 1>(a, 0, first);
}

/// The most inputs of a mixing, and pairs or fours of them in the order of lanes.
constexpr size_t kMostColumns = dsp::kMaxFixedWindow / 2;
struct Columns {
  alignas(64) Sums lanes[kMostColumns / 2];
};

/// kLanes columns of x [rows][width] in pairs of rows.
PELLUCID_INLINE void pair_columns(const int16_t* x, size_t rows, size_t width, Columns* to) {
  for (size_t i = 0; i < rows; i += 2) {
    to->lanes[i / 2] = (Sums)interleave(x + i * width, i + 1 < rows ? x + (i + 1) * width : nullptr);
  }
}

/// kHalf columns in fours of rows: a column's first pair and its second in neighbouring lanes.
PELLUCID_INLINE void four_columns(const int16_t* x, size_t rows, size_t width, Columns* to) {
  for (size_t i = 0; i < rows; i += 4) {
    const auto row = [&](size_t j) { return j < rows ? x + j * width : nullptr; };
    const Sums early = (Sums)interleave(row(i), row(i + 1));
    const Sums late = i + 2 < rows ? (Sums)interleave(row(i + 2), row(i + 3)) : Sums{};
    to->lanes[i / 4] = zip<1, false>(early, late);
  }
}

struct MixRows {
  const IntegerMix& m;
  const Columns& columns;
  const uint8_t* packed;
  size_t bytes;

  const OneRow& numbers(size_t row) const { return *reinterpret_cast<const OneRow*>(packed + row * bytes); }
  Results results() const { return {m.y, m.residual, nullptr}; }
};

/// kCount rows of kLanes columns from c on.
template <size_t kCount>
[[gnu::noinline]] static void mix_tile(const MixRows& rows, size_t row, size_t c) {
  const size_t pairs = pairs_of(rows.m.product->columns), width = rows.m.width, bytes = rows.bytes;
  const uint8_t *first = rows.packed + row * bytes, *later = first + 8 * bytes;
  const auto at = [&](size_t r) { return r < 8 ? first + r * bytes : later + (r - 8) * bytes; };
  Sums sum[kCount];
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) sum[r] = all(rows.numbers(row + r).bias);
  for (size_t i = 0; i < pairs; ++i) {
    const Pairs x = (Pairs)rows.columns.lanes[i];
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) {
      sum[r] = dot(sum[r], both(reinterpret_cast<const int16_t*>(at(r) + sizeof(OneRow) + 4 * i)), x);
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) sum[r] = scale_sums<true>(sum[r], scales_of(rows.numbers(row + r)));
  const Results to = rows.results();
  if constexpr (kCount > 1) {
    if (width == kLanes) return store_together<kCount>(to, sum, row * width);
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) to.store(sum[r], (row + r) * width + c, width - c);
}

template <size_t kCount>
PELLUCID_INLINE void mix_rows(const MixRows& rows, size_t row, size_t c) {
  for (; row + kCount <= rows.m.product->rows; row += kCount) mix_tile<kCount>(rows, row, c);
  if constexpr (kCount > 1) mix_rows<kCount / 2>(rows, row, c);
}

PELLUCID_INLINE Sums halves_of(int32_t a, int32_t b) {
  return lane_numbers() < static_cast<int32_t>(kHalf) ? all(a) : all(b);
}

/// kPairs times two rows of kHalf columns.
template <size_t kPairs>
[[gnu::noinline]] static void mix_half_tile(const MixRows& rows, size_t row) {
  constexpr size_t kCount = 2 * kPairs;
  const size_t fours = fours_of(rows.m.product->columns), bytes = rows.bytes;
  const uint8_t *first = rows.packed + row * bytes, *later = first + 8 * bytes;
  const auto at = [&](size_t r) { return r < 8 ? first + r * bytes : later + (r - 8) * bytes; };
  Sums sum[kCount];
#pragma GCC unroll 16
  for (size_t r = 0; r < kCount; ++r) sum[r] = (lane_numbers() & 1) == 0 ? all(rows.numbers(row + r).bias) : Sums{};
  for (size_t i = 0; i < fours; ++i) {
    const Pairs x = (Pairs)rows.columns.lanes[i];
#pragma GCC unroll 16
    for (size_t r = 0; r < kCount; ++r) {
      sum[r] = dot(sum[r], four(reinterpret_cast<const int16_t*>(at(r) + sizeof(OneRow) + 8 * i)), x);
    }
  }
  Sums values[kPairs];
#pragma GCC unroll 8
  for (size_t i = 0; i < kPairs; ++i) {
    const OneRow &a = rows.numbers(row + 2 * i), &b = rows.numbers(row + 2 * i + 1);
    values[i] = scale_sums<true>(
        unzip<false>(sum[2 * i], sum[2 * i + 1]) + unzip<true>(sum[2 * i], sum[2 * i + 1]),
        {halves_of(a.shift, b.shift), halves_of(a.multiplier, b.multiplier), halves_of(a.negative, b.negative)});
  }
  store_together<kPairs>(rows.results(), values, row * kHalf);
}

static void mix(const IntegerMix& m) {
  const IntegerProduct& p = *m.product;
  Columns columns;
  const MixRows rows = {m, columns, static_cast<const uint8_t*>(p.packed), row_bytes(p.columns)};
  if (kLanes == 16 && m.width == kHalf && p.rows % 4 == 0) {
    four_columns(m.x, p.columns, m.width, &columns);
    size_t row = 0;
    for (; row + 16 <= p.rows; row += 16) mix_half_tile<8>(rows, row);
    for (; row < p.rows; row += 4) mix_half_tile<2>(rows, row);
    return;
  }
  for (size_t c = 0; c < m.width; c += kLanes) {
    pair_columns(m.x + c, p.columns, m.width, &columns);
    mix_rows<kRows>(rows, 0, c);
  }
}

/// kCount bands of two registers of channels each, or of one.
template <size_t kCount, size_t kPanels>
PELLUCID_INLINE void bands_tile(const uint8_t* panels, size_t band_bytes, const Columns* z, size_t bands, size_t width,
                                size_t left, int16_t* m) {
  const size_t panel = panel_bytes(bands);
  Sums sum[kPanels][kCount];
#pragma GCC unroll 2
  for (size_t i = 0; i < kPanels; ++i) {
#pragma GCC unroll 8
    for (size_t b = 0; b < kCount; ++b) sum[i][b] = load<Sums>(panels + b * band_bytes + i * panel);
  }
  const uint8_t* w = panels + sizeof(RowNumbers);
  for (size_t pair = 0; pair < pairs_of(bands); ++pair, w += sizeof(Pairs)) {
#pragma GCC unroll 2
    for (size_t i = 0; i < kPanels; ++i) {
      const Pairs value = (Pairs)z[i].lanes[pair];
#pragma GCC unroll 8
      for (size_t b = 0; b < kCount; ++b) {
        sum[i][b] = dot(sum[i][b], load<Pairs>(w + b * band_bytes + i * panel), value);
      }
    }
  }
  const Results to = {m, nullptr, nullptr};
#pragma GCC unroll 8
  for (size_t b = 0; b < kCount; ++b) {
    const uint8_t* numbers = panels + b * band_bytes;
    const auto value = [&](size_t i) {
      return scale_sums<true>(sum[i][b], scales_of(*reinterpret_cast<const RowNumbers*>(numbers + i * panel)));
    };
    if constexpr (kPanels == 2) {
      to.store_two<0>(value(0), value(1), b * width);
    } else {
      to.store(value(0), b * width, left);
    }
  }
}

template <size_t kPanels>
PELLUCID_INLINE void all_bands(const uint8_t* first, size_t band_bytes, const Columns* z, size_t bands, size_t width,
                               size_t left, int16_t* m) {
  constexpr size_t kMany = 8 / kPanels;
  size_t b = 0;
  for (; b + kMany <= bands; b += kMany) {
    bands_tile<kMany, kPanels>(first + b * band_bytes, band_bytes, z, bands, width, left, m + b * width);
  }
  for (; b < bands; ++b) {
    bands_tile<1, kPanels>(first + b * band_bytes, band_bytes, z, bands, width, left, m + b * width);
  }
}

static void mix_bands(const IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t*) {
  const size_t panel = panel_bytes(bands), band_bytes = panels_of(width) * panel;
  const uint8_t* first = static_cast<const uint8_t*>(p.packed);
  Columns columns[2];
  size_t d = 0;
  for (; d + 2 * kLanes <= width; d += 2 * kLanes, first += 2 * panel) {
    pair_columns(z + d, bands, width, &columns[0]);
    pair_columns(z + d + kLanes, bands, width, &columns[1]);
    all_bands<2>(first, band_bytes, columns, bands, width, 2 * kLanes, m + d);
  }
  for (; d < width; d += kLanes, first += panel) {
    pair_columns(z + d, bands, width, &columns[0]);
    all_bands<1>(first, band_bytes, columns, bands, width, width - d, m + d);
  }
}
