// What looks up tables, and the gates of a GRU with it, on lanes of 32 bits; included after integer_kernels_body.inl by
// sets that define
//
//   Sums gather(const int32_t* table, Sums index)

/// Of a table of 128.
PELLUCID_INLINE Sums look_up(const int32_t* table, Sums index) { return gather(table, index); }

PELLUCID_INLINE bool any(Sums mask) {
  typedef uint64_t Wide __attribute__((vector_size(sizeof(Sums))));
  uint64_t one = 0;
  for (size_t i = 0; i < kLanes / 2; ++i) one |= ((Wide)mask)[i];
  return one != 0;
}

/// Position of the highest bit of x, 1 … 2^31 - 1: the bit below is cleared, so that a float's rounding cannot carry.
PELLUCID_INLINE Sums highest_bit(Sums x) {
  typedef float Floats __attribute__((vector_size(sizeof(Sums))));
  const Floats nearest = __builtin_convertvector(x & ~(x >> 1), Floats);
  Sums bits;
  __builtin_memcpy(&bits, &nearest, sizeof bits);
  return (bits >> 23) - 127;
}
/// The same of 2 … 2^32 - 1 (taken without sign).
PELLUCID_INLINE Sums highest_bit_from_2(Sums x) { return highest_bit((x >> 1) & 0x7fffffff) + 1; }

static constexpr auto kTanhSteps = with_steps(dsp::kTanhHalf, 10);

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
      store_first(h + j, saturated16(fresh + ((update * (old - fresh) + 16384) >> 15)), hidden - j);
    }
  }
}
