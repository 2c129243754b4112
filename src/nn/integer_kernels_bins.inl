// Gates, compression and transform on vectors, included at the end of integer_kernels_body.inl, for sets that also define
//
//   Sums gather(const int32_t* table, Sums index)
//
// What is computed is what fixed.hpp and integer_kernels_scalar.cpp say, bit by bit.

/// A table of fixed_tables.hpp with, in the low bits, how much further the next entry is.
template <typename T, size_t kCount>
static constexpr dsp::Table<int32_t, kCount - 1> with_steps(const dsp::Table<T, kCount>& from, int bits) {
  dsp::Table<int32_t, kCount - 1> to{};
  for (size_t i = 0; i + 1 < kCount; ++i) {
    const int32_t low = static_cast<int32_t>(from.value[i]), high = static_cast<int32_t>(from.value[i + 1]);
    to.value[i] = low * (1 << bits) + (high - low);
  }
  return to;
}
static constexpr auto kLog2Steps = with_steps(dsp::kLog2, 10);
static constexpr auto kExp2Steps = with_steps(dsp::kExp2, 10);
static constexpr auto kTanhSteps = with_steps(dsp::kTanhHalf, 10);

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

template <size_t... kIndex>
struct Indices {};
template <size_t kCount, size_t... kIndex>
struct MakeIndices : MakeIndices<kCount - 1, kCount - 1, kIndex...> {};
template <size_t... kIndex>
struct MakeIndices<0, kIndex...> {
  using Type = Indices<kIndex...>;
};
template <size_t kCount>
using IndicesUpTo = typename MakeIndices<kCount>::Type;

PELLUCID_INLINE Sums lanes() {
  Sums index;
  for (size_t i = 0; i < kLanes; ++i) index[i] = static_cast<int32_t>(i);
  return index;
}

PELLUCID_INLINE Sums tanh_half(Sums x) {
  const Sums a = smaller(x < 0 ? -x : x, all(32767));
  const Sums entry = gather(kTanhSteps.value, a >> 6);
  const Sums y = (entry >> 10) + (((entry & 1023) * (a & 63) + 32) >> 6);
  return x < 0 ? -y : y;
}

PELLUCID_INLINE Sums sigmoid(Sums x) { return (tanh_half(x) >> 1) + 16384; }

static void gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; ++row, gi += 3 * hidden, gh += 3 * hidden, h += hidden) {
    for (size_t j = 0; j < hidden; j += kLanes) {
      const Sums reset = sigmoid(widen(gi + j) + widen(gh + j));
      const Sums update = sigmoid(widen(gi + hidden + j) + widen(gh + hidden + j));
      const Sums memory = (reset * widen(gh + 2 * hidden + j) + 16384) >> 15;
      const Sums fresh = tanh_half(2 * (widen(gi + 2 * hidden + j) + memory));
      const Sums old = widen(h + j);
      store_some(h + j, fresh + ((update * (old - fresh) + 16384) >> 15), hidden - j);
    }
  }
}

/// Position of the highest bit of x, 1 … 2^31 - 1: the bit below is cleared, so that a float's rounding cannot carry.
PELLUCID_INLINE Sums highest_bit(Sums x) {
  typedef float Floats __attribute__((vector_size(sizeof(Sums))));
  const Floats nearest = __builtin_convertvector(x & ~(x >> 1), Floats);
  Sums bits;
  __builtin_memcpy(&bits, &nearest, sizeof bits);
  return (bits >> 23) - 127;
}

/// log2 in Q16 of x, 2 … 2^32 - 1 (taken without sign).
PELLUCID_INLINE Sums log2_of(Sums x) {
  const Sums n = highest_bit((x >> 1) & 0x7fffffff) + 1;
  const Sums m = x << (31 - n);
  const Sums entry = gather(kLog2Steps.value, (m >> 24) & 127);
  return n * 65536 + (entry >> 10) + (((entry & 1023) * ((m >> 8) & 0xffff)) >> 16);
}

struct Exponentials {
  Sums mantissa, exponent;
};

PELLUCID_INLINE Exponentials exp2_of(Sums x) {
  const Sums fraction = x & 0xffff;
  const Sums entry = gather(kExp2Steps.value, fraction >> 9);
  return {(entry >> 10) + (((entry & 1023) * (fraction & 511)) >> 9) + 32768, x >> 16};
}

typedef uint32_t Unsigned __attribute__((vector_size(sizeof(Sums))));

PELLUCID_INLINE Sums scale_logs(Sums x, uint32_t k) {
  const Unsigned rest = (Unsigned)(x & 0xffff);
  const Unsigned part = rest * (k >> 16) + ((rest * (k & 0xffffu)) >> 16);
  return (x >> 16) * static_cast<int32_t>(k) + (Sums)part;
}

struct NormalisedLanes {
  Sums re, im, exponent, log_power;
};

PELLUCID_INLINE NormalisedLanes normalise(Sums re, Sums im) {
  const Sums size = (re < 0 ? -re : re) | (im < 0 ? -im : im);
  const Sums exponent = highest_bit(larger(size, all(1))) - 14;
  const Sums down = larger(exponent, all(0)), up = larger(-exponent, all(0));
  NormalisedLanes n;
  n.re = (Sums)((Unsigned)(re >> down) << (Unsigned)up);
  n.im = (Sums)((Unsigned)(im >> down) << (Unsigned)up);
  n.exponent = size == 0 ? all(0) : exponent;
  const Sums power = (Sums)((Unsigned)(n.re * n.re) + (Unsigned)(n.im * n.im));
  n.log_power = size == 0 ? all(0) : log2_of(power == 0 ? all(2) : power) + exponent * (2 * 65536);
  return n;
}

/// part * mantissa, rounded down by `shift`, which is at least `least`; 0 beyond 31.
PELLUCID_INLINE Sums scaled(Sums part, Sums mantissa, Sums shift, int32_t least) {
  const Sums by = smaller(larger(shift, all(least)), all(31));
  const Sums value = (((part * mantissa) >> (by - 1)) + 1) >> 1;
  return shift > 31 ? all(0) : value;
}

static void compress(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins) {
  constexpr int32_t kLeastLog = -2612471;
  for (size_t k = 0; k < bins; k += kLanes, spectrum += 2 * kLanes, features += 3 * kLanes) {
    const size_t left = bins - k;
    int32_t parts[2][kLanes] = {}, results[3][kLanes];
    for (size_t i = 0; i < kLanes && i < left; ++i) {
      parts[0][i] = spectrum[2 * i];
      parts[1][i] = spectrum[2 * i + 1];
    }
    const Sums re = load<Sums>(parts[0]), im = load<Sums>(parts[1]);
    const NormalisedLanes n = normalise(re, im);
    const Sums relative = larger(n.log_power - 2 * 65536 * c.spectrum_q, all(kLeastLog));
    const Sums log = (re | im) == 0 ? all(kLeastLog) : relative;
    const Exponentials magnitude = exp2_of(scale_logs(log, c.to_magnitude) + 65536 * c.features_q);
    const Exponentials gain = exp2_of(65536 * c.features_q - scale_logs(log, c.to_spectrum));
    const Sums shift = 15 + c.spectrum_q - n.exponent - gain.exponent;
    const Sums values[] = {scaled(n.re, gain.mantissa, shift, 1), scaled(n.im, gain.mantissa, shift, 1),
                           scaled(all(1), magnitude.mantissa, 15 - magnitude.exponent, 1)};
    for (int part = 0; part < 3; ++part) {
      const Sums limited = larger(smaller(values[part], all(32767)), all(-32767));
      __builtin_memcpy(results[part], &limited, sizeof limited);
    }
    for (size_t i = 0; i < kLanes && i < left; ++i) {
      features[3 * i] = static_cast<int16_t>(results[0][i]);
      features[3 * i + 1] = static_cast<int16_t>(results[1][i]);
      features[3 * i + 2] = static_cast<int16_t>(results[2][i]);
    }
  }
}

PELLUCID_INLINE bool any(Sums mask) {
  int32_t one = 0;
  for (size_t i = 0; i < kLanes; ++i) one |= mask[i];
  return one != 0;
}

PELLUCID_INLINE void limit_masks(const IntegerCompression& c, Sums* re, Sums* im) {
  const Unsigned power = (Unsigned)(*re * *re) + (Unsigned)(*im * *im);
  const Sums below = (Sums)(power < c.least_power), above = (Sums)(power > c.most_power) & ~below;
  if (any(above)) {
    const Sums log = log2_of((Sums)(above != 0 ? (Sums)power : all(2)));
    const Exponentials e = exp2_of(c.most_log - (log >> 1));
    *re = above != 0 ? scaled(*re, e.mantissa, 15 - e.exponent, 1) : *re;
    *im = above != 0 ? scaled(*im, e.mantissa, 15 - e.exponent, 1) : *im;
  }
  *re = below != 0 ? all(c.least) : *re;
  *im = below != 0 ? all(0) : *im;
}

static void decompress(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins) {
  const int32_t q = c.mask_q + c.features_q;
  for (size_t k = 0; k < bins; k += kLanes, mask += 2 * kLanes, features += 3 * kLanes, spectrum += 2 * kLanes) {
    const size_t left = bins - k;
    int32_t parts[4][kLanes] = {};
    for (size_t i = 0; i < kLanes && i < left; ++i) {
      parts[0][i] = mask[2 * i];
      parts[1][i] = mask[2 * i + 1];
      parts[2][i] = features[3 * i];
      parts[3][i] = features[3 * i + 1];
    }
    Sums mr = load<Sums>(parts[0]), mi = load<Sums>(parts[1]);
    const Sums xr = load<Sums>(parts[2]), xi = load<Sums>(parts[3]);
    limit_masks(c, &mr, &mi);
    const NormalisedLanes n = normalise(mr * xr - mi * xi, mr * xi + mi * xr);
    const Exponentials gain = exp2_of(scale_logs(n.log_power - 2 * 65536 * q, c.from_mask) + 65536 * c.spectrum_q);
    const Sums shift = 15 + q - n.exponent - gain.exponent;
    const Sums re = scaled(n.re, gain.mantissa, shift, 2), im = scaled(n.im, gain.mantissa, shift, 2);
    __builtin_memcpy(parts[0], &re, sizeof re);
    __builtin_memcpy(parts[1], &im, sizeof im);
    for (size_t i = 0; i < kLanes && i < left; ++i) {
      spectrum[2 * i] = parts[0][i];
      spectrum[2 * i + 1] = parts[1][i];
    }
  }
}

PELLUCID_INLINE Sums mul_q15(Sums x, Sums w) { return (x >> 16) * w * 2 + (((x & 0xffff) * w) >> 15); }

struct Turned {
  Sums re, im;
};
PELLUCID_INLINE Turned turned(Sums re, Sums im, Sums cosine, Sums sine) {
  return {mul_q15(re, cosine) + mul_q15(im, sine), mul_q15(im, cosine) - mul_q15(re, sine)};
}

/// Units of kUnit lanes of a and b in turn: those of the first or the second half of both.
template <size_t kUnit, bool kSecond, size_t... kIndex>
PELLUCID_INLINE Sums zip_lanes(Sums a, Sums b, Indices<kIndex...>) {
  return __builtin_shufflevector(a, b,
                                 static_cast<int>((kIndex / kUnit % 2) * kLanes + (kSecond ? kLanes / 2 : 0) +
                                                  kIndex / (2 * kUnit) * kUnit + kIndex % kUnit)...);
}
template <size_t kUnit, bool kSecond>
PELLUCID_INLINE Sums zip(Sums a, Sums b) {
  return zip_lanes<kUnit, kSecond>(a, b, IndicesUpTo<kLanes>{});
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
    store_in_turn<kLanes < 8 ? 1 : 4>(value, y + t * 4);
  }
}

static void pass(const dsp::FixedPass& pass) {
  const uint32_t groups = pass.groups, stride = pass.stride, step = groups * stride;
  // Strides below kLanes are 1 and 4: passes of radix 2 come last.
  if (pass.radix != 4 || step % kLanes != 0) {
    dsp::fixed_pass(pass);
    return;
  }
  const int32_t unit = kWholeTurn / static_cast<int32_t>(4 * groups);
  const int32_t bits = 31 - __builtin_clz(stride), down = pass.down;
  for (uint32_t t = 0; t < step; t += kLanes) {
    Sums re[4], im[4];
    for (uint32_t k = 0; k < 4; ++k) {
      re[k] = load<Sums>(pass.x_re + t + k * step);
      im[k] = load<Sums>(pass.x_im + t + k * step);
      if (down != 0) {
        re[k] = ((re[k] >> (down - 1)) + 1) >> 1;
        im[k] = ((im[k] >> (down - 1)) + 1) >> 1;
      }
    }
    const Sums sum_r = re[0] + re[2], sum_i = im[0] + im[2], dif_r = re[0] - re[2], dif_i = im[0] - im[2];
    const Sums odd_r = re[1] + re[3], odd_i = im[1] + im[3], odd_dif_r = re[1] - re[3], odd_dif_i = im[1] - im[3];
    re[0] = sum_r + odd_r, im[0] = sum_i + odd_i;
    re[1] = dif_r + odd_dif_i, im[1] = dif_i - odd_dif_r;
    re[2] = sum_r - odd_r, im[2] = sum_i - odd_i;
    re[3] = dif_r - odd_dif_i, im[3] = dif_i + odd_dif_r;
    for (int32_t j = 1; j < 4 && groups > 1; ++j) {
      Turned result;
      if (stride >= kLanes) {  // all lanes have the same p
        const int32_t* sine = kTurnSine.value + static_cast<int32_t>(t >> bits) * unit * j;
        result = turned(re[j], im[j], all(sine[kQuarterTurn]), all(sine[0]));
      } else {
        const Sums angle = ((lanes() + static_cast<int32_t>(t)) >> bits) * (unit * j);
        result = turned(re[j], im[j], gather(kTurnSine.value + kQuarterTurn, angle), gather(kTurnSine.value, angle));
      }
      re[j] = result.re, im[j] = result.im;
    }
    store_four(re, t, stride, pass.y_re);
    store_four(im, t, stride, pass.y_im);
  }
}
