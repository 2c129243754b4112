// The steps of the transform on vectors, included after integer_kernels_body.inl. What is computed is what
// fixed_stft.cpp says, bit by bit. Factors lie in the order of the lanes that they are for; windows are 64 … 1024, so
// that all of them together have less than two of the longest.

constexpr int32_t kQuarterTurn = dsp::kMaxFixedWindow / 2, kWholeTurn = 4 * kQuarterTurn;

/// A whole turn of the sine and a quarter more, so that a cosine is the sine a quarter later.
static constexpr dsp::Table<int32_t, kWholeTurn + kQuarterTurn> make_turn() {
  dsp::Table<int32_t, kWholeTurn + kQuarterTurn> table{};
  for (int32_t i = 0; i < kWholeTurn + kQuarterTurn; ++i) {
    const int32_t rest = i % kQuarterTurn, quadrant = i / kQuarterTurn % 4;
    const int32_t size = dsp::kSine.value[quadrant % 2 == 0 ? rest : kQuarterTurn - rest];
    table.value[i] = quadrant < 2 ? size : -size;
  }
  return table;
}
static constexpr auto kTurnSine = make_turn();

/// Numbers for each size of half a window from 32 on, those for `half` from offset_of(half) * per on.
constexpr size_t kMostHalf = dsp::kMaxFixedWindow / 2, kAllHalves = 2 * kMostHalf - 32;
constexpr size_t offset_of(size_t half) { return half - 32; }
template <size_t kPer>
using EachHalf = dsp::Table<int32_t, kAllHalves * kPer>;

/// The window at even samples, then at odd ones.
static constexpr EachHalf<2> make_windows() {
  EachHalf<2> table{};
  for (size_t half = 32; half <= kMostHalf; half *= 2) {
    int32_t* to = table.value + 2 * offset_of(half);
    for (size_t i = 0; i < 2 * half; ++i) to[i % 2 * half + i / 2] = kTurnSine.value[i * (kMostHalf / half)];
  }
  return table;
}
alignas(64) static constexpr auto kWindows = make_windows();

/// Cosine and sine of 2 pi k / window, k = 1 … half / 2.
static constexpr EachHalf<1> make_split_factors() {
  EachHalf<1> table{};
  for (size_t half = 32; half <= kMostHalf; half *= 2) {
    int32_t* to = table.value + offset_of(half);
    for (size_t k = 1; k <= half / 2; ++k) {
      const int32_t* sine = kTurnSine.value + k * (kWholeTurn / 2 / half);
      to[k - 1] = sine[kQuarterTurn];
      to[half / 2 + k - 1] = sine[0];
    }
  }
  return table;
}
alignas(64) static constexpr auto kSplitFactors = make_split_factors();

/// Cosines and sines of pass's three products for t = 0 … half / 4 - 1 where the stride is kStride.
template <size_t kStride>
static constexpr EachHalf<2> make_pass_factors() {
  EachHalf<2> table{};
  for (size_t half = 32; half <= kMostHalf; half *= 2) {
    int32_t* to = table.value + 2 * offset_of(half);
    const size_t step = half / 4, unit = kWholeTurn / (half / kStride);
    for (size_t j = 1; j < 4; ++j, to += 2 * step) {
      for (size_t t = 0; t < step; ++t) {
        const int32_t* sine = kTurnSine.value + t / kStride * unit * j;
        to[t] = sine[kQuarterTurn];
        to[step + t] = sine[0];
      }
    }
  }
  return table;
}
alignas(64) static constexpr auto kFactorsOfStride1 = make_pass_factors<1>();
alignas(64) static constexpr auto kFactorsOfStride4 = make_pass_factors<4>();

PELLUCID_INLINE Sums mul_q15(Sums x, Sums w) { return (x >> 16) * w * 2 + (((x & 0xffff) * w) >> 15); }

struct Turned {
  Sums re, im;
};
PELLUCID_INLINE Turned turned(Sums re, Sums im, Sums cosine, Sums sine) {
  return {mul_q15(re, cosine) + mul_q15(im, sine), mul_q15(im, cosine) - mul_q15(re, sine)};
}

/// Units of four results in turn.
template <size_t kUnit>
PELLUCID_INLINE void store_in_turn(const Sums* value, int32_t* y) {
  const Sums even[] = {zip<kUnit, false>(value[0], value[2]), zip<kUnit, true>(value[0], value[2])};
  const Sums odd[] = {zip<kUnit, false>(value[1], value[3]), zip<kUnit, true>(value[1], value[3])};
  for (size_t half = 0; half < 2; ++half) {
    const Sums first = zip<kUnit, false>(even[half], odd[half]), second = zip<kUnit, true>(even[half], odd[half]);
    __builtin_memcpy(y + 2 * half * kLanes, &first, sizeof first);
    __builtin_memcpy(y + (2 * half + 1) * kLanes, &second, sizeof second);
  }
}

/// Stores kLanes butterflies t, t + 1 … of four results; t = stride * p + q.
PELLUCID_INLINE void store_four(const Sums* value, uint32_t t, uint32_t stride, int32_t* y) {
  if (stride >= kLanes) {
    int32_t* to = y + t / stride * 4 * stride + t % stride;
    for (uint32_t j = 0; j < 4; ++j) __builtin_memcpy(to + stride * j, &value[j], sizeof(Sums));
  } else if (stride == 1) {
    store_in_turn<1>(value, y + t * 4);
  } else {
    store_in_turn < kLanes<8 ? 1 : 4>(value, y + t * 4);
  }
}

/// x / 2^down, rounded.
PELLUCID_INLINE Sums round_down(Sums x, int32_t down) { return ((x >> (down - 1)) + 1) >> 1; }

static void pass(const dsp::FixedPass& pass) {
  const uint32_t groups = pass.groups, stride = pass.stride, step = groups * stride;
  // Strides below kLanes are 1 and 4: passes of radix 2 come last.
  if (pass.radix != 4 || step % kLanes != 0) {
    dsp::fixed_pass(pass);
    return;
  }
  const uint32_t unit = kWholeTurn / (4 * groups), bits = static_cast<uint32_t>(31 - __builtin_clz(stride));
  const int32_t* factors = (stride == 1 ? kFactorsOfStride1 : kFactorsOfStride4).value + 2 * offset_of(4 * step);
  const int32_t down = pass.down;
  for (uint32_t t = 0; t < step; t += kLanes) {
    Sums re[4], im[4];
    for (uint32_t k = 0; k < 4; ++k) {
      re[k] = load<Sums>(pass.x_re + t + k * step);
      im[k] = load<Sums>(pass.x_im + t + k * step);
      if (down != 0) re[k] = round_down(re[k], down), im[k] = round_down(im[k], down);
    }
    const Sums sum_r = re[0] + re[2], sum_i = im[0] + im[2], dif_r = re[0] - re[2], dif_i = im[0] - im[2];
    const Sums odd_r = re[1] + re[3], odd_i = im[1] + im[3], odd_dif_r = re[1] - re[3], odd_dif_i = im[1] - im[3];
    re[0] = sum_r + odd_r, im[0] = sum_i + odd_i;
    re[1] = dif_r + odd_dif_i, im[1] = dif_i - odd_dif_r;
    re[2] = sum_r - odd_r, im[2] = sum_i - odd_i;
    re[3] = dif_r - odd_dif_i, im[3] = dif_i + odd_dif_r;
    for (uint32_t j = 1; j < 4 && groups > 1; ++j) {
      Turned result;
      if (stride >= kLanes) {  // all lanes have the same p
        const int32_t* sine = kTurnSine.value + (t >> bits) * unit * j;
        result = turned(re[j], im[j], all(sine[kQuarterTurn]), all(sine[0]));
      } else {
        const int32_t* cosine = factors + (j - 1) * 2 * step + t;
        result = turned(re[j], im[j], load<Sums>(cosine), load<Sums>(cosine + step));
      }
      re[j] = result.re, im[j] = result.im;
    }
    store_four(re, t, stride, pass.y_re);
    store_four(im, t, stride, pass.y_im);
  }
}

static void cut(const int16_t* last_hop, const int16_t* hop, uint32_t window, int32_t* z) {
  const uint32_t half = window / 2;
  const int32_t shift = 15 - dsp::fixed_fraction_bits(window);
  const int32_t* factors = kWindows.value + 2 * offset_of(half);
  for (uint32_t i = 0; i < half; i += kLanes) {
    const Sums samples = load<Sums>(2 * i < half ? last_hop + 2 * i : hop + (2 * i - half));
    const Sums even = round_down(low_halves(samples) * load<Sums>(factors + i), shift);
    const Sums odd = round_down((samples >> 16) * load<Sums>(factors + half + i), shift);
    __builtin_memcpy(z + i, &even, sizeof even);
    __builtin_memcpy(z + half + i, &odd, sizeof odd);
  }
}

static void split(const int32_t* z, uint32_t window, int32_t* spectrum) {
  const uint32_t half = window / 2;
  const int32_t *re = z, *im = z + half, *factors = kSplitFactors.value + offset_of(half);
  spectrum[0] = re[0] + im[0];
  spectrum[2 * half] = re[0] - im[0];
  spectrum[1] = spectrum[2 * half + 1] = 0;
  for (uint32_t k = 1; k <= half / 2; k += kLanes) {
    const size_t m = half - k - kLanes + 1;  // of the last lane
    const Sums re_k = load<Sums>(re + k), im_k = load<Sums>(im + k);
    const Sums re_m = reversed(load<Sums>(re + m)), im_m = reversed(load<Sums>(im + m));
    const Sums even_r = (re_k + re_m) >> 1, even_i = (im_k - im_m) >> 1;
    const Sums odd_r = (im_k + im_m) >> 1, odd_i = (re_m - re_k) >> 1;
    const Turned odd = turned(odd_r, odd_i, load<Sums>(factors + k - 1), load<Sums>(factors + half / 2 + k - 1));
    store_pairs(spectrum + 2 * k, even_r + odd.re, even_i + odd.im);
    store_pairs(spectrum + 2 * m, reversed(even_r - odd.re), reversed(odd.im - even_i));
  }
}

static void join(const int32_t* spectrum, uint32_t window, int32_t* z) {
  const uint32_t half = window / 2;
  const int32_t* factors = kSplitFactors.value + offset_of(half);
  int32_t *re = z, *im = z + half;
  re[0] = (spectrum[0] + spectrum[2 * half]) >> 1;
  im[0] = (spectrum[0] - spectrum[2 * half]) >> 1;
  for (uint32_t k = 1; k <= half / 2; k += kLanes) {
    const size_t m = half - k - kLanes + 1;  // of the last lane
    const Lanes2 x = load_pairs(spectrum + 2 * k), y_back = load_pairs(spectrum + 2 * m);
    const Sums yr = reversed(y_back.first), yi = reversed(y_back.second);
    const Sums even_r = (x.first + yr) >> 1, even_i = (x.second - yi) >> 1;
    const Turned odd = turned((x.first - yr) >> 1, (x.second + yi) >> 1, load<Sums>(factors + k - 1),
                              -load<Sums>(factors + half / 2 + k - 1));
    const Sums re_m = reversed(even_r + odd.im), im_m = reversed(odd.re - even_i);
    const Sums re_k = even_r - odd.im, im_k = even_i + odd.re;
    __builtin_memcpy(re + m, &re_m, sizeof re_m);
    __builtin_memcpy(im + m, &im_m, sizeof im_m);
    __builtin_memcpy(re + k, &re_k, sizeof re_k);
    __builtin_memcpy(im + k, &im_k, sizeof im_k);
  }
}

static void overlap_add(const int32_t* z, uint32_t window, int32_t* overlap, int16_t* hop) {
  const uint32_t half = window / 2;
  const int32_t shift = dsp::fixed_fraction_bits(window);
  const int32_t* factors = kWindows.value + 2 * offset_of(half);
  const auto windowed = [&](const int32_t* x, const int32_t* factor) {
    const Sums value = larger(smaller(load<Sums>(x), all(dsp::kLoudestFixed)), all(-dsp::kLoudestFixed));
    return mul_q15(value, load<Sums>(factor));
  };
  const auto sample = [&](Sums x) { return narrowed(larger(smaller(round_down(x, shift), all(32767)), all(-32768))); };
  for (uint32_t i = 0; i < half / 2; i += kLanes) {
    const Sums even = windowed(z + i, factors + i), odd = windowed(z + half + i, factors + half + i);
    const Shorts first = sample(load<Sums>(overlap + 2 * i) + zip<1, false>(even, odd));
    const Shorts second = sample(load<Sums>(overlap + 2 * i + kLanes) + zip<1, true>(even, odd));
    __builtin_memcpy(hop + 2 * i, &first, sizeof first);
    __builtin_memcpy(hop + 2 * i + kLanes, &second, sizeof second);
    const uint32_t later = half / 2 + i;
    store_pairs(overlap + 2 * i, windowed(z + later, factors + later),
                windowed(z + half + later, factors + half + later));
  }
}
