// What the integer kernels on vectors have in common, included once for each instruction set by a file that defines,
// inside an unnamed namespace: kLanes (sums of 32 bits in a register), kRows and kRowsOfTwo (rows worked on together in
// one panel and in two), and
//
//   Sums dot(Sums sums, Pairs w, Pairs x)        sums[i] + w[2i] x[2i] + w[2i+1] x[2i+1]
//   Sums widened(Shorts), Pairs widened(Bytes), Shorts narrowed(Sums)  of as many lanes
//   Pairs packed16(Sums a, Sums b)               a, then b, within 16 bits
//
// Behind it come the products, what looks up tables, the compression and the transform. What is computed is what
// integer_kernels_scalar.cpp says, bit by bit. Nothing in here may be visible outside.

template <typename V>
PELLUCID_INLINE V load(const void* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

PELLUCID_INLINE Sums smaller(Sums a, Sums b) { return a < b ? a : b; }
PELLUCID_INLINE Sums larger(Sums a, Sums b) { return a > b ? a : b; }
PELLUCID_INLINE Sums all(int32_t x) { return Sums{} + x; }

#include "nn/integer_kernels_lanes.inl"

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

/// kLanes numbers of 16 bits, widened.
PELLUCID_INLINE Sums widen(const int16_t* p) { return widened(load<Shorts>(p)); }

/// Within ±32767.
PELLUCID_INLINE Shorts saturated16(Sums x) { return narrowed(larger(smaller(x, all(32767)), all(-32767))); }

PELLUCID_INLINE Pairs saturated16(Sums a, Sums b) {
  const Pairs result = packed16(a, b);
  return result < -32767 ? Pairs{} - 32767 : result;
}

/// The first `count` lanes, at most all.
PELLUCID_INLINE void store_first(int16_t* y, Shorts value, size_t count) {
  if (count >= kLanes) {
    __builtin_memcpy(y, &value, sizeof value);
  } else {
    int16_t lanes[kLanes];
    __builtin_memcpy(lanes, &value, sizeof value);
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

/// Four.
PELLUCID_INLINE Pairs four(const int16_t* p) {
  typedef uint64_t Wide __attribute__((vector_size(sizeof(Pairs))));
  return (Pairs)(Wide{} + load<uint64_t>(p));
}

/// a[0] b[0] a[1] b[1] …
PELLUCID_INLINE Pairs interleave(const int16_t* a, const int16_t* b) {
  const Sums pairs = (widen(a) & 0xffff) | (b != nullptr ? widen(b) * 65536 : Sums{});
  Pairs result;
  __builtin_memcpy(&result, &pairs, sizeof result);
  return result;
}
