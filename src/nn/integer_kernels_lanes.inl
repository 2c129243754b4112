// Lanes in another order and in halves, included by integer_kernels_body.inl.

typedef uint32_t Unsigned __attribute__((vector_size(sizeof(Sums))));

/// Of two 16-bit numbers in each lane the lower one, with its sign.
PELLUCID_INLINE Sums low_halves(Sums pairs) { return (Sums)((Unsigned)pairs << 16) >> 16; }

template <size_t... kIndex>
struct Indices {};
template <size_t kCount, size_t... kIndex>
struct MakeIndices : MakeIndices<kCount - 1, kCount - 1, kIndex...> {};
template <size_t... kIndex>
struct MakeIndices<0, kIndex...> {
  using Type = Indices<kIndex...>;
};
using AllIndices = typename MakeIndices<kLanes>::Type;

template <size_t... kIndex>
PELLUCID_INLINE Sums numbers_of_lanes(Indices<kIndex...>) {
  return Sums{static_cast<int32_t>(kIndex)...};
}
/// 0, 1, 2 …
PELLUCID_INLINE Sums lane_numbers() { return numbers_of_lanes(AllIndices{}); }

/// Units of kUnit lanes of a and b in turn: those of the first or the second half of both.
template <size_t kUnit, bool kSecond, size_t... kIndex>
PELLUCID_INLINE Sums zip_lanes(Sums a, Sums b, Indices<kIndex...>) {
  return __builtin_shufflevector(a, b,
                                 static_cast<int>((kIndex / kUnit % 2) * kLanes + (kSecond ? kLanes / 2 : 0) +
                                                  kIndex / (2 * kUnit) * kUnit + kIndex % kUnit)...);
}
template <size_t kUnit, bool kSecond>
PELLUCID_INLINE Sums zip(Sums a, Sums b) {
  return zip_lanes<kUnit, kSecond>(a, b, AllIndices{});
}

/// Every second lane of a and then of b, from the first or from the second on.
template <bool kSecond, size_t... kIndex>
PELLUCID_INLINE Sums unzip_lanes(Sums a, Sums b, Indices<kIndex...>) {
  return __builtin_shufflevector(a, b, static_cast<int>(2 * kIndex + (kSecond ? 1 : 0))...);
}
template <bool kSecond>
PELLUCID_INLINE Sums unzip(Sums a, Sums b) {
  return unzip_lanes<kSecond>(a, b, AllIndices{});
}

template <size_t... kIndex>
PELLUCID_INLINE Sums reversed_lanes(Sums a, Indices<kIndex...>) {
  return __builtin_shufflevector(a, a, static_cast<int>(kLanes - 1 - kIndex)...);
}
PELLUCID_INLINE Sums reversed(Sums a) { return reversed_lanes(a, AllIndices{}); }

template <size_t... kIndex>
PELLUCID_INLINE Sums first_half_twice_lanes(Sums a, Indices<kIndex...>) {
  return __builtin_shufflevector(a, a, static_cast<int>(kIndex % (kLanes / 2))...);
}
PELLUCID_INLINE Sums first_half_twice(Sums a) { return first_half_twice_lanes(a, AllIndices{}); }

typedef int16_t HalfShorts __attribute__((vector_size(sizeof(Shorts) / 2)));

template <size_t... kIndex>
PELLUCID_INLINE Shorts joined_lanes(HalfShorts a, HalfShorts b, Indices<kIndex...>) {
  return __builtin_shufflevector(a, b, static_cast<int>(kIndex)...);
}
/// Half a register from a, half from b.
PELLUCID_INLINE Shorts two_halves(const int16_t* a, const int16_t* b) {
  return joined_lanes(load<HalfShorts>(a), load<HalfShorts>(b), AllIndices{});
}
template <size_t kOffset, size_t... kIndex>
PELLUCID_INLINE HalfShorts half_lanes(Shorts x, Indices<kIndex...>) {
  return __builtin_shufflevector(x, x, static_cast<int>(kOffset + kIndex)...);
}
template <size_t kWhich>
PELLUCID_INLINE HalfShorts half_of(Shorts x) {
  return half_lanes<kWhich * kLanes / 2>(x, typename MakeIndices<kLanes / 2>::Type{});
}

struct Lanes2 {
  Sums first, second;
};

/// Pairs of numbers apart, and together again.
PELLUCID_INLINE Lanes2 load_pairs(const int32_t* p) {
  const Sums a = load<Sums>(p), b = load<Sums>(p + kLanes);
  return {unzip<false>(a, b), unzip<true>(a, b)};
}
PELLUCID_INLINE void store_pairs(int32_t* p, Sums first, Sums second) {
  const Sums a = zip<1, false>(first, second), b = zip<1, true>(first, second);
  __builtin_memcpy(p, &a, sizeof a);
  __builtin_memcpy(p + kLanes, &b, sizeof b);
}
