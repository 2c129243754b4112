// Registers of AVX-512, included by the files of its set before integer_kernels_body.inl.

constexpr size_t kLanes = 16, kRows = 16, kRowsOfTwo = 8;
typedef int32_t Sums __attribute__((vector_size(64)));
typedef int16_t Pairs __attribute__((vector_size(64)));
typedef int16_t Shorts __attribute__((vector_size(32)));
typedef int8_t Bytes __attribute__((vector_size(32)));
typedef long long Quads __attribute__((vector_size(64)));

PELLUCID_INLINE Sums dot(Sums sums, Pairs w, Pairs x) {
#if defined(__clang__)
  return (Sums)__builtin_ia32_vpdpwssd512(sums, (Sums)w, (Sums)x);
#else
  return (Sums)__builtin_ia32_vpdpwssd_v16si(sums, (Sums)w, (Sums)x);
#endif
}

// GCC 12 converts half by half where it is not told.
PELLUCID_INLINE Sums widened(Shorts x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Sums);
#else
  return (Sums)__builtin_ia32_pmovsxwd512_mask(x, Sums{}, static_cast<uint16_t>(0xffff));
#endif
}
PELLUCID_INLINE Pairs widened(Bytes x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Pairs);
#else
  typedef char Chars __attribute__((vector_size(32)));
  return (Pairs)__builtin_ia32_pmovsxbw512_mask((Chars)x, Pairs{}, ~0u);
#endif
}
PELLUCID_INLINE Shorts narrowed(Sums x) {
#if defined(__clang__)
  return __builtin_convertvector(x, Shorts);
#else
  return (Shorts)__builtin_ia32_pmovdw512_mask(x, Shorts{}, static_cast<uint16_t>(0xffff));
#endif
}

PELLUCID_INLINE uint32_t not_equal_lanes(Sums a, Sums b) {
  return __builtin_ia32_cmpd512_mask(a, b, 4, static_cast<uint16_t>(0xffff));
}
PELLUCID_INLINE Sums leading_zeros(Sums x) {
#if defined(__clang__)
  return __builtin_ia32_vplzcntd_512(x);
#else
  return __builtin_ia32_vplzcntd_512_mask(x, Sums{}, static_cast<uint16_t>(0xffff));
#endif
}
/// The numbers in the places `index` says of a, b.
PELLUCID_INLINE Sums permuted(Sums a, Sums index, Sums b) {
#if defined(__clang__)
  return __builtin_ia32_vpermi2vard512(a, index, b);
#else
  return __builtin_ia32_vpermt2vard512_mask(index, a, b, static_cast<uint16_t>(0xffff));
#endif
}
PELLUCID_INLINE Pairs permuted(Pairs a, Pairs index, Pairs b) {
#if defined(__clang__)
  return __builtin_ia32_vpermi2varhi512(a, index, b);
#else
  return __builtin_ia32_vpermt2varhi512_mask(index, a, b, ~0u);
#endif
}
PELLUCID_INLINE Pairs saturating_sum(Pairs a, Pairs b) {
#if defined(__clang__) && __clang_major__ >= 15
  return __builtin_elementwise_add_sat(a, b);
#elif defined(__clang__)
  return __builtin_ia32_paddsw512(a, b);
#else
  return __builtin_ia32_paddsw512_mask(a, b, Pairs{}, ~0u);
#endif
}
/// (a b + 2^14) >> 15
PELLUCID_INLINE Pairs rounded_q15(Pairs a, Pairs b) {
#if defined(__clang__)
  return __builtin_ia32_pmulhrsw512(a, b);
#else
  return __builtin_ia32_pmulhrsw512_mask(a, b, Pairs{}, ~0u);
#endif
}
/// Within 16 bits, four of a and four of b in turn.
PELLUCID_INLINE Pairs packed_in_turn(Sums a, Sums b) {
#if defined(__clang__)
  return __builtin_ia32_packssdw512(a, b);
#else
  return __builtin_ia32_packssdw512_mask(a, b, Pairs{}, ~0u);
#endif
}
PELLUCID_INLINE Pairs packed16(Sums a, Sums b) {
  const Quads turns = (Quads)packed_in_turn(a, b);
  return (Pairs)__builtin_shufflevector(turns, turns, 0, 2, 4, 6, 1, 3, 5, 7);
}

/// Of eights of a and b, the first or second fours, one of each in turn: packed_in_turn has them in order again.
PELLUCID_INLINE Pairs first_in_turn(Pairs a, Pairs b) {
  return __builtin_shufflevector(a, b, 0, 32, 1, 33, 2, 34, 3, 35, 8, 40, 9, 41, 10, 42, 11, 43, 16, 48, 17, 49, 18, 50,
                                 19, 51, 24, 56, 25, 57, 26, 58, 27, 59);
}
PELLUCID_INLINE Pairs second_in_turn(Pairs a, Pairs b) {
  return __builtin_shufflevector(a, b, 4, 36, 5, 37, 6, 38, 7, 39, 12, 44, 13, 45, 14, 46, 15, 47, 20, 52, 21, 53, 22,
                                 54, 23, 55, 28, 60, 29, 61, 30, 62, 31, 63);
}
/// The first `count` of 32 lanes.
PELLUCID_INLINE uint32_t first_lanes(size_t count) { return static_cast<uint32_t>((uint64_t{1} << count) - 1); }
/// x with other lanes from where p and they point: nothing else is read.
PELLUCID_INLINE Pairs loaded_too(Pairs x, uint32_t lanes, const int16_t* p) {
#if defined(__clang__)
  return __builtin_ia32_loaddquhi512_mask(reinterpret_cast<const Pairs*>(p), x, lanes);
#else
  return __builtin_ia32_loaddquhi512_mask(p, x, lanes);
#endif
}
PELLUCID_INLINE void store_lanes(int16_t* p, uint32_t lanes, Pairs x) {
#if defined(__clang__)
  __builtin_ia32_storedquhi512_mask(reinterpret_cast<Pairs*>(p), x, lanes);
#else
  __builtin_ia32_storedquhi512_mask(p, x, lanes);
#endif
}
PELLUCID_INLINE bool any(Sums mask) { return not_equal_lanes(mask, Sums{}) != 0; }
