// The products of the integer network on vectors, included after integer_kernels_body.inl. Weights are packed as pairs
// of neighbouring inputs, widened to 16 bits, behind the numbers of their rows; those of a dense mixing, of which a
// frame needs each but once, stay in 8, since fetching them is what takes longest. Where the last rows would leave half
// a register empty, they are packed as fours, and two neighbouring lanes add up half a row each; in a dense mixing
// those of two bands share a register.

#include "nn/integer_kernels_results.inl"

constexpr size_t kHalf = kLanes / 2;

static size_t pairs_of(size_t columns) { return (columns + 1) / 2; }
static size_t fours_of(size_t columns) { return (columns + 3) / 4; }
static size_t panels_of(size_t rows) { return (rows + kLanes - 1) / kLanes; }
template <typename Weight = int16_t>
static size_t panel_bytes(size_t columns) {
  return sizeof(RowNumbers) + pairs_of(columns) * kLanes * 2 * sizeof(Weight);
}
static size_t row_bytes(size_t columns) { return sizeof(OneRow) + fours_of(columns) * 8; }
static size_t half_bytes(size_t columns) { return sizeof(RowNumbers) + fours_of(columns) * kLanes * 4; }
/// Whether the last rows of a layer fill half a register.
static bool ends_half(size_t rows) { return kLanes == 16 && rows % kLanes == kHalf; }
/// Whether the last channels of two bands share registers.
static bool shares(size_t width, size_t bands) { return ends_half(width) && bands % 2 == 0; }
/// Registers that the channels of one band have for themselves.
static size_t own_panels(size_t width, size_t bands) {
  return shares(width, bands) ? width / kLanes : panels_of(width);
}

static OneRow numbers_of(const IntegerProduct& p, size_t row) {
  return {p.bias[row], p.scale[row].shift, p.scale[row].multiplier, p.scale[row].negative};
}

static void put_numbers(const OneRow& row, size_t lane, RowNumbers* to) {
  to->bias[lane] = row.bias;
  to->shift[lane] = row.shift;
  to->multiplier[lane] = row.multiplier;
  to->negative[lane] = row.negative;
}

static int8_t weight_of(const IntegerProduct& p, size_t row, size_t column) {
  return column < p.columns ? p.weight[row * p.columns + column] : int8_t{0};
}

/// affine: [panel]{RowNumbers, [pair][lane][2]}, the last as {RowNumbers, [four][row][4]} where it ends_half;
/// mix: [row]{OneRow, [four][4]}; dense: [band][panel of channels]{…, as affine, int8}, [two bands]{…} where it
/// shares.
static size_t packed_bytes(const IntegerProduct& p, ProductUse use, size_t bands) {
  const size_t panel = use == ProductUse::kDense ? panel_bytes<int8_t>(p.columns) : panel_bytes(p.columns);
  if (use == ProductUse::kMix) return p.rows * row_bytes(p.columns);
  if (use == ProductUse::kDense) {
    const size_t width = p.rows / bands;
    return (bands * own_panels(width, bands) + (shares(width, bands) ? bands / 2 : 0)) * panel;
  }
  return ends_half(p.rows) ? p.rows / kLanes * panel + half_bytes(p.columns) : panels_of(p.rows) * panel;
}

/// A panel of the rows row_of(lane), of `count` lanes.
template <typename Weight, typename RowOf>
static uint8_t* pack_panel(const IntegerProduct& p, size_t count, RowOf row_of, uint8_t* to) {
  const size_t pairs = pairs_of(p.columns);
  RowNumbers* numbers = reinterpret_cast<RowNumbers*>(to);
  Weight* weights = reinterpret_cast<Weight*>(numbers + 1);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    put_numbers(lane < count ? numbers_of(p, row_of(lane)) : OneRow{}, lane, numbers);
    for (size_t i = 0; i < 2 * pairs; ++i) {
      weights[(i / 2 * kLanes + lane) * 2 + i % 2] = lane < count ? weight_of(p, row_of(lane), i) : Weight{0};
    }
  }
  return reinterpret_cast<uint8_t*>(weights + pairs * kLanes * 2);
}

/// kHalf rows, whose biases stand in every second lane and whose other numbers twice.
static void pack_half(const IntegerProduct& p, size_t first, void* to) {
  RowNumbers* numbers = static_cast<RowNumbers*>(to);
  int16_t* weights = reinterpret_cast<int16_t*>(numbers + 1);
  for (size_t row = 0; row < kHalf; ++row) {
    put_numbers(numbers_of(p, first + row), row, numbers);
    put_numbers(numbers_of(p, first + row), kHalf + row, numbers);
    for (size_t i = 0; i < 4 * fours_of(p.columns); ++i) {
      weights[(i / 4 * kHalf + row) * 4 + i % 4] = weight_of(p, first + row, i);
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) numbers->bias[lane] = lane % 2 == 0 ? p.bias[first + lane / 2] : 0;
}

static void pack_dense(const IntegerProduct& p, size_t bands, uint8_t* to) {
  const size_t width = p.rows / bands, own = own_panels(width, bands) * kLanes;
  for (size_t b = 0; b < bands; ++b) {
    for (size_t d = 0; d < own; d += kLanes) {
      to = pack_panel<int8_t>(
          p, width - d, [=](size_t lane) { return (d + lane) * bands + b; }, to);
    }
  }
  for (size_t b = 0; own < width && b < bands; b += 2) {
    to = pack_panel<int8_t>(
        p, kLanes, [=](size_t lane) { return (own + lane % kHalf) * bands + b + lane / kHalf; }, to);
  }
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
    return;
  }
  if (use == ProductUse::kDense) return pack_dense(p, bands, at);
  const size_t end = ends_half(p.rows) ? p.rows - kHalf : p.rows;
  for (size_t first = 0; first < end; first += kLanes) {
    at = pack_panel<int16_t>(
        p, p.rows - first, [=](size_t lane) { return first + lane; }, at);
  }
  if (end < p.rows) pack_half(p, end, at);
}

PELLUCID_INLINE Results results_of(const IntegerAffine& a) {
  return {a.y, a.residual != nullptr ? a.residual : a.residual2, a.residual != nullptr ? a.residual2 : nullptr};
}

/// kCount rows of kPanels panels, from output `first` on.
template <size_t kCount, size_t kPanels>
[[gnu::noinline]] static void affine_tile(const IntegerAffine& a, size_t row, size_t first) {
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
  const Results to = results_of(a);
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
    if (out - first >= kLanes) return finish_apart<kCount>(to, sum[0], scales, at, out);
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

/// kPairs times two rows of the last kHalf outputs of a product that ends_half.
template <size_t kPairs>
[[gnu::noinline]] static void half_tile(const IntegerAffine& a, size_t row, size_t first) {
  constexpr size_t kCount = 2 * kPairs;
  const IntegerProduct& p = *a.product;
  const uint8_t* packed = static_cast<const uint8_t*>(p.packed) + first / kLanes * panel_bytes(p.columns);
  const RowNumbers& numbers = *reinterpret_cast<const RowNumbers*>(packed);
  const int16_t* w = reinterpret_cast<const int16_t*>(&numbers + 1);
  const size_t fours = fours_of(p.columns), stride = a.x_stride;
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
  if (p.rows == kHalf) return finish_together<kPairs>(results_of(a), rows, scales_of(numbers), row * kHalf);
  finish_halves<kPairs>(results_of(a), rows, scales_of(numbers), row * p.rows + first, p.rows);
}

/// A last row alone: what its lanes have from another is not stored.
[[gnu::noinline]] static void half_row(const IntegerAffine& a, size_t row, size_t first) {
  const IntegerProduct& p = *a.product;
  const uint8_t* packed = static_cast<const uint8_t*>(p.packed) + first / kLanes * panel_bytes(p.columns);
  const RowNumbers& numbers = *reinterpret_cast<const RowNumbers*>(packed);
  const int16_t *w = reinterpret_cast<const int16_t*>(&numbers + 1), *x = a.x + row * a.x_stride;
  Sums sum = load<Sums>(numbers.bias);
  for (size_t i = 0; i < fours_of(p.columns); ++i) {
    sum = dot(sum, load<Pairs>(w + i * 2 * kLanes), four(x + 4 * i));
  }
  const Sums value = scale_sums<true>(unzip<false>(sum, sum) + unzip<true>(sum, sum), scales_of(numbers));
  results_of(a).store(value, row * p.rows + first, kHalf);
}

static void half_rows(const IntegerAffine& a, size_t first) {
  size_t row = 0;
  for (; row + 16 <= a.rows; row += 16) half_tile<8>(a, row, first);
  for (; row + 8 <= a.rows; row += 8) half_tile<4>(a, row, first);
  for (; row + 4 <= a.rows; row += 4) half_tile<2>(a, row, first);
  for (; row < a.rows; ++row) half_row(a, row, first);
}

static void affine(const IntegerAffine& a) {
  const size_t out = a.product->rows, end = ends_half(out) ? out - kHalf : out;
  size_t first = 0;
  for (; end - first > kLanes; first = end - first > 2 * kLanes ? first + 2 * kLanes : end) {
    affine_rows<kRowsOfTwo, 2>(a, 0, first);
  }
  if (first < end) affine_rows<kRows, 1>(a, 0, first);
  if (end < out) half_rows(a, end);
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

/// Where the results of a dense mixing go.
struct Bands {
  const uint8_t* panels;  ///< of the first band, or of the first two
  size_t bytes;           ///< from band to band, or from two to two
  const Columns* z;
  size_t bands, width;
  int16_t* m;
};

/// What a register of results holds.
enum class Held { kChannels, kLastChannels, kLastOfTwo };

/// kCount times kPanels registers, from `done` on.
template <size_t kCount, size_t kPanels, Held kHeld>
PELLUCID_INLINE void bands_tile(const Bands& b, size_t done) {
  const size_t panel = panel_bytes<int8_t>(b.bands), bytes = b.bytes, width = b.width;
  const uint8_t* panels = b.panels + done * bytes;
  Sums sum[kPanels][kCount];
#pragma GCC unroll 2
  for (size_t i = 0; i < kPanels; ++i) {
#pragma GCC unroll 8
    for (size_t r = 0; r < kCount; ++r) sum[i][r] = load<Sums>(panels + r * bytes + i * panel);
  }
  const uint8_t* w = panels + sizeof(RowNumbers);
  for (size_t pair = 0; pair < pairs_of(b.bands); ++pair, w += sizeof(Pairs) / 2) {
#pragma GCC unroll 2
    for (size_t i = 0; i < kPanels; ++i) {
      const Pairs value = (Pairs)b.z[i].lanes[pair];
#pragma GCC unroll 8
      for (size_t r = 0; r < kCount; ++r) {
        sum[i][r] = dot(sum[i][r], widened(load<Bytes>(w + r * bytes + i * panel)), value);
      }
    }
  }
  const Results to = {b.m, nullptr, nullptr};
#pragma GCC unroll 8
  for (size_t r = 0; r < kCount; ++r) {
    const uint8_t* numbers = panels + r * bytes;
    const auto value = [&](size_t i) {
      return scale_sums<true>(sum[i][r], scales_of(*reinterpret_cast<const RowNumbers*>(numbers + i * panel)));
    };
    if constexpr (kPanels == 2) {
      to.store_two<0>(value(0), value(1), (done + r) * width);
    } else if constexpr (kHeld == Held::kChannels) {
      to.store_one<0>(value(0), (done + r) * width);
    } else if constexpr (kHeld == Held::kLastOfTwo) {
      to.store_halves<0>(value(0), 2 * (done + r) * width, width);
    } else {
      to.store(value(0), (done + r) * width, width % kLanes);
    }
  }
}

template <size_t kCount, size_t kPanels, Held kHeld = Held::kChannels>
PELLUCID_INLINE void bands_tiles(const Bands& b, size_t done, size_t count) {
  for (; done + kCount <= count; done += kCount) bands_tile<kCount, kPanels, kHeld>(b, done);
  if constexpr (kCount > 1) bands_tiles<kCount / 2, kPanels, kHeld>(b, done, count);
}

static void mix_bands(const IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t*) {
  const size_t panel = panel_bytes<int8_t>(bands), bytes = own_panels(width, bands) * panel;
  Columns columns[2];
  Bands b = {static_cast<const uint8_t*>(p.packed), bytes, columns, bands, width, m};
  size_t d = 0;
  const auto advance = [&](size_t panels) {
    d += panels * kLanes;
    b.panels += panels * panel;
    b.m += panels * kLanes;
  };
  for (; d + 2 * kLanes <= width; advance(2)) {
    pair_columns(z + d, bands, width, &columns[0]);
    pair_columns(z + d + kLanes, bands, width, &columns[1]);
    bands_tiles<4, 2>(b, 0, bands);
  }
  if (d == width) return;
  pair_columns(z + d, bands, width, &columns[0]);
  if (d + kLanes <= width) {
    bands_tiles<8, 1>(b, 0, bands);
    advance(1);
    if (d == width) return;
    pair_columns(z + d, bands, width, &columns[0]);
  }
  if (shares(width, bands)) {
    for (size_t i = 0; i < pairs_of(bands); ++i) columns[0].lanes[i] = first_half_twice(columns[0].lanes[i]);
    b.panels = static_cast<const uint8_t*>(p.packed) + bands * bytes;
    b.bytes = panel;
    bands_tiles<8, 1, Held::kLastOfTwo>(b, 0, bands / 2);
  } else {
    bands_tiles<8, 1, Held::kLastChannels>(b, 0, bands);
  }
}
