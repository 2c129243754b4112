// Compression on vectors, included after integer_kernels_body.inl and what looks up tables. What is computed is what
// fixed.hpp and integer_kernels_scalar.cpp say, bit by bit.

static constexpr auto kLog2Steps = with_steps(dsp::kLog2, 10);
static constexpr auto kExp2Steps = with_steps(dsp::kExp2, 10);

/// log2 in Q16 of x, 2 … 2^32 - 1 (taken without sign).
PELLUCID_INLINE Sums log2_of(Sums x) {
  const Sums n = highest_bit_from_2(x);
  const Sums m = x << (31 - n);
  const Sums entry = look_up(kLog2Steps.value, (m >> 24) & 127);
  return n * 65536 + (entry >> 10) + (((entry & 1023) * ((m >> 8) & 0xffff)) >> 16);
}

struct Exponentials {
  Sums mantissa, exponent;
};

PELLUCID_INLINE Exponentials exp2_of(Sums x) {
  const Sums fraction = x & 0xffff;
  const Sums entry = look_up(kExp2Steps.value, fraction >> 9);
  return {(entry >> 10) + (((entry & 1023) * (fraction & 511)) >> 9) + 32768, x >> 16};
}

/// kWhole: whether k can be 1 or more.
template <bool kWhole>
PELLUCID_INLINE Sums scale_logs(Sums x, uint32_t k) {
  const Unsigned rest = (Unsigned)(x & 0xffff), part = (rest * (k & 0xffffu)) >> 16;
  return (x >> 16) * static_cast<int32_t>(k) + (Sums)(kWhole ? part + rest * (k >> 16) : part);
}

struct NormalisedLanes {
  Sums re, im, exponent, log_power;
};

/// Of nothing, exponent and log_power are any: who asks takes them times nothing.
PELLUCID_INLINE NormalisedLanes normalise(Sums re, Sums im) {
  const Sums size = (re < 0 ? -re : re) | (im < 0 ? -im : im);
  const Sums exponent = highest_bit(larger(size, all(1))) - 14;
  const Sums down = larger(exponent, all(0)), up = larger(-exponent, all(0));
  NormalisedLanes n;
  n.re = (Sums)((Unsigned)(re >> down) << (Unsigned)up);
  n.im = (Sums)((Unsigned)(im >> down) << (Unsigned)up);
  n.exponent = exponent;
  const Sums power = (Sums)((Unsigned)(n.re * n.re) + (Unsigned)(n.im * n.im));
  n.log_power = log2_of(power == 0 ? all(2) : power) + exponent * (2 * 65536);
  return n;
}

/// part * mantissa, rounded down by `shift`, which is at least `least`. Beyond 31 nothing is left, nor is at 32.
PELLUCID_INLINE Sums scaled(Sums part, Sums mantissa, Sums shift, int32_t least) {
  const Sums by = smaller(larger(shift, all(least)), all(32));
  return (((part * mantissa) >> (by - 1)) + 1) >> 1;
}

/// Three numbers of 16 bits a bin apart, and together again.
template <size_t kPart, size_t... kIndex>
PELLUCID_INLINE Shorts third_lanes(Shorts a, Shorts b, Shorts c, Indices<kIndex...>) {
  const Shorts early =
      __builtin_shufflevector(a, b, static_cast<int>(3 * kIndex + kPart < 2 * kLanes ? 3 * kIndex + kPart : 0)...);
  return __builtin_shufflevector(
      early, c, static_cast<int>(3 * kIndex + kPart < 2 * kLanes ? kIndex : 3 * kIndex + kPart - kLanes)...);
}
template <size_t kPart>
PELLUCID_INLINE Sums load_third(const int16_t* p) {
  const Shorts a = load<Shorts>(p), b = load<Shorts>(p + kLanes), c = load<Shorts>(p + 2 * kLanes);
  return widened(third_lanes<kPart>(a, b, c, AllIndices{}));
}
template <size_t kFirst, size_t... kIndex>
PELLUCID_INLINE void store_thirds_from(int16_t* p, Shorts a, Shorts b, Shorts c, Indices<kIndex...>) {
  const Shorts two = __builtin_shufflevector(
      a, b,
      static_cast<int>((kFirst + kIndex) % 3 < 2 ? (kFirst + kIndex) % 3 * kLanes + (kFirst + kIndex) / 3 : 0)...);
  const Shorts three = __builtin_shufflevector(
      two, c, static_cast<int>((kFirst + kIndex) % 3 < 2 ? kIndex : kLanes + (kFirst + kIndex) / 3)...);
  __builtin_memcpy(p + kFirst, &three, sizeof three);
}
PELLUCID_INLINE void store_thirds(int16_t* p, Shorts a, Shorts b, Shorts c) {
  store_thirds_from<0>(p, a, b, c, AllIndices{});
  store_thirds_from<kLanes>(p, a, b, c, AllIndices{});
  store_thirds_from<2 * kLanes>(p, a, b, c, AllIndices{});
}

/// kCount times kLanes bins, whose steps a compiler can take in turn: each waits for the one before.
template <size_t kCount>
PELLUCID_INLINE void compress_lanes(const IntegerCompression& c, const int32_t* spectrum, int16_t* features) {
  constexpr int32_t kLeastLog = -2612471;
  Lanes2 x[kCount];
  Shorts result[kCount][3];
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) x[i] = load_pairs(spectrum + i * 2 * kLanes);
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    const NormalisedLanes n = normalise(x[i].first, x[i].second);
    const Sums relative = larger(n.log_power - 2 * 65536 * c.spectrum_q, all(kLeastLog));
    const Sums log = (x[i].first | x[i].second) == 0 ? all(kLeastLog) : relative;
    const Exponentials magnitude = exp2_of(scale_logs<false>(log, c.to_magnitude) + 65536 * c.features_q);
    const Exponentials gain = exp2_of(65536 * c.features_q - scale_logs<false>(log, c.to_spectrum));
    const Sums shift = 15 + c.spectrum_q - n.exponent - gain.exponent;
    result[i][0] = saturated16(scaled(n.re, gain.mantissa, shift, 1));
    result[i][1] = saturated16(scaled(n.im, gain.mantissa, shift, 1));
    result[i][2] = saturated16(scaled(all(1), magnitude.mantissa, 15 - magnitude.exponent, 1));
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    store_thirds(features + i * 3 * kLanes, result[i][0], result[i][1], result[i][2]);
  }
}

static void compress(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins) {
  size_t k = 0;
  for (; k + 2 * kLanes <= bins; k += 2 * kLanes) compress_lanes<2>(c, spectrum + 2 * k, features + 3 * k);
  for (; k + kLanes <= bins; k += kLanes) compress_lanes<1>(c, spectrum + 2 * k, features + 3 * k);
  if (k == bins) return;
  int32_t last[2 * kLanes] = {};
  int16_t result[3 * kLanes];
  for (size_t i = 0; i < 2 * (bins - k); ++i) last[i] = spectrum[2 * k + i];
  compress_lanes<1>(c, last, result);
  for (size_t i = 0; i < 3 * (bins - k); ++i) features[3 * k + i] = result[i];
}

/// kCount registers of masks.
template <size_t kCount>
PELLUCID_INLINE void limit_masks(const IntegerCompression& c, Lanes2* mask) {
  Sums below[kCount], above[kCount], power[kCount], some = {};
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    const Lanes2& m = mask[i];
    const Unsigned sum = (Unsigned)(m.first * m.first) + (Unsigned)(m.second * m.second);
    power[i] = (Sums)sum;
    below[i] = (Sums)(sum < c.least_power);
    above[i] = (Sums)(sum > c.most_power) & ~below[i];
    some |= above[i];
  }
  if (any(some)) {
    for (size_t i = 0; i < kCount; ++i) {
      const Sums log = log2_of(above[i] != 0 ? power[i] : all(2));
      const Exponentials e = exp2_of(c.most_log - (log >> 1));
      mask[i].first = above[i] != 0 ? scaled(mask[i].first, e.mantissa, 15 - e.exponent, 1) : mask[i].first;
      mask[i].second = above[i] != 0 ? scaled(mask[i].second, e.mantissa, 15 - e.exponent, 1) : mask[i].second;
    }
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    mask[i].first = below[i] != 0 ? all(c.least) : mask[i].first;
    mask[i].second = below[i] != 0 ? all(0) : mask[i].second;
  }
}

/// As compress_lanes.
template <size_t kCount>
PELLUCID_INLINE void decompress_lanes(const IntegerCompression& c, const int16_t* mask, const int16_t* features,
                                      int32_t* spectrum) {
  const int32_t q = c.mask_q + c.features_q;
  Lanes2 m[kCount], x[kCount], result[kCount];
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    const Sums parts = load<Sums>(mask + i * 2 * kLanes);
    const int16_t* from = features + i * 3 * kLanes;
    m[i] = {low_halves(parts), parts >> 16};
    x[i] = {load_third<0>(from), load_third<1>(from)};
  }
  limit_masks<kCount>(c, m);
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) {
    const NormalisedLanes n = normalise(m[i].first * x[i].first - m[i].second * x[i].second,
                                        m[i].first * x[i].second + m[i].second * x[i].first);
    const Exponentials gain =
        exp2_of(scale_logs<true>(n.log_power - 2 * 65536 * q, c.from_mask) + 65536 * c.spectrum_q);
    const Sums shift = 15 + q - n.exponent - gain.exponent;
    result[i] = {scaled(n.re, gain.mantissa, shift, 2), scaled(n.im, gain.mantissa, shift, 2)};
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < kCount; ++i) store_pairs(spectrum + i * 2 * kLanes, result[i].first, result[i].second);
}

static void decompress(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins) {
  size_t k = 0;
  for (; k + 2 * kLanes <= bins; k += 2 * kLanes) {
    decompress_lanes<2>(c, mask + 2 * k, features + 3 * k, spectrum + 2 * k);
  }
  for (; k + kLanes <= bins; k += kLanes) {
    decompress_lanes<1>(c, mask + 2 * k, features + 3 * k, spectrum + 2 * k);
  }
  if (k == bins) return;
  int16_t last[2 * kLanes] = {}, last_features[3 * kLanes] = {};
  int32_t result[2 * kLanes];
  for (size_t i = 0; i < 2 * (bins - k); ++i) last[i] = mask[2 * k + i];
  for (size_t i = 0; i < 3 * (bins - k); ++i) last_features[i] = features[3 * k + i];
  decompress_lanes<1>(c, last, last_features, result);
  for (size_t i = 0; i < 2 * (bins - k); ++i) spectrum[2 * k + i] = result[i];
}
