// What looks up tables, and the gates of a GRU with it on 32 lanes of 16 bits, included by
// integer_kernels_avx512_bins.cpp after integer_kernels_body.inl. A table is looked up by permutations of two of its
// registers at a time. Every step has the bits of fixed.hpp: a sum that saturates is one whose tanh is the table's last
// entry.

/// Of a table of 128.
PELLUCID_INLINE Sums look_up(const int32_t* table, Sums index) {
  Sums part[4];
  for (size_t i = 0; i < 4; ++i) part[i] = permuted(load<Sums>(table + 32 * i), index, load<Sums>(table + 32 * i + 16));
  const Sums bit5 = index & 32;
  const Sums low = bit5 != 0 ? part[1] : part[0], high = bit5 != 0 ? part[3] : part[2];
  return (index & 64) != 0 ? high : low;
}

PELLUCID_INLINE Sums highest_bit(Sums x) { return 31 - leading_zeros(x); }
PELLUCID_INLINE Sums highest_bit_from_2(Sums x) { return highest_bit(x); }

constexpr size_t kTableEntries = 384, kInTwoRegisters = 64;

/// Whether tanh is the same from the last of kTableEntries on.
static constexpr bool is_flat() {
  for (size_t i = kTableEntries; i < 513; ++i) {
    if (dsp::kTanhHalf.value[i] != dsp::kTanhHalf.value[kTableEntries - 1]) return false;
  }
  return true;
}
static_assert(is_flat(), "arguments can be limited to the table's length");

/// In turn 64 entries, and how much further the next of each is.
static constexpr dsp::Table<int16_t, 2 * kTableEntries> make_tanh_lanes() {
  dsp::Table<int16_t, 2 * kTableEntries> table{};
  for (size_t i = 0; i < kTableEntries; ++i) {
    int16_t* to = table.value + i / kInTwoRegisters * 2 * kInTwoRegisters + i % kInTwoRegisters;
    to[0] = dsp::kTanhHalf.value[i];
    to[kInTwoRegisters] = static_cast<int16_t>(dsp::kTanhHalf.value[i + 1] - dsp::kTanhHalf.value[i]);
  }
  return table;
}
alignas(64) static constexpr auto kTanhLanes = make_tanh_lanes();

PELLUCID_INLINE Pairs chosen(Pairs condition, Pairs a, Pairs b) { return condition != 0 ? a : b; }

/// tanh(x / 2)
PELLUCID_INLINE Pairs tanh_half(Pairs x) {
  typedef uint16_t Unsigned16 __attribute__((vector_size(64)));
  constexpr uint16_t kMost = 64 * kTableEntries - 1;
  constexpr size_t kParts = kTableEntries / kInTwoRegisters;
  const Unsigned16 size = x < 0 ? 0 - (Unsigned16)x : (Unsigned16)x;
  const Pairs a = (Pairs)(size < kMost ? size : Unsigned16{} + kMost), index = a >> 6;
  const Pairs bit6 = a & 4096, bit7 = a & 8192, bit8 = a & 16384;
  const auto entry = [&](const int16_t* table) {
    Pairs of[kParts];
#pragma GCC unroll 6
    for (size_t i = 0; i < kParts; ++i) {
      const int16_t* here = table + i * 2 * kInTwoRegisters;
      of[i] = permuted(load<Pairs>(here), index, load<Pairs>(here + 32));
    }
    const Pairs first = chosen(bit7, chosen(bit6, of[3], of[2]), chosen(bit6, of[1], of[0]));
    return chosen(bit8, chosen(bit6, of[5], of[4]), first);
  };
  const Pairs low = entry(kTanhLanes.value), step = entry(kTanhLanes.value + kInTwoRegisters);
  const Pairs y = low + ((step * (a & 63) + 32) >> 6);  // at most 512 * 63 + 32
  return x < 0 ? -y : y;
}

PELLUCID_INLINE Pairs sigmoid(Pairs x) { return (tanh_half(x) >> 1) + 16384; }

/// 16 units of a row: where their gates and states are, and how many of them there are.
struct UnitChunk {
  const int16_t *gi, *gh;
  int16_t* h;
  size_t count;
};

/// Two times two chunks of rows of `hidden`, whose steps a compiler can take in turn. kNeighbours: the second of two
/// lies behind the first, and both are whole.
template <bool kNeighbours>
PELLUCID_INLINE void update_units(const UnitChunk* chunks, size_t hidden) {
  Pairs in[2][3], back[2][3], old[2], result[2];
#pragma GCC unroll 2
  for (size_t i = 0; i < 2; ++i) {
    const UnitChunk &a = chunks[2 * i], &b = chunks[2 * i + 1];
    const auto numbers = [](const int16_t* first, const int16_t* second) {
      return kNeighbours ? load<Pairs>(first) : joined(load<Shorts>(first), load<Shorts>(second));
    };
#pragma GCC unroll 3
    for (size_t gate = 0; gate < 3; ++gate) {
      in[i][gate] = numbers(a.gi + gate * hidden, b.gi + gate * hidden);
      back[i][gate] = numbers(a.gh + gate * hidden, b.gh + gate * hidden);
    }
    old[i] = numbers(a.h, b.h);
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < 2; ++i) {
    const Pairs reset = sigmoid(saturating_sum(in[i][0], back[i][0]));
    const Pairs update = sigmoid(saturating_sum(in[i][1], back[i][1]));
    const Pairs x = saturating_sum(in[i][2], rounded_q15(reset, back[i][2]));
    const Pairs fresh = tanh_half(saturating_sum(x, x));
    // fresh + ((update (old - fresh) + 2^14) >> 15) as 2^14 less one sum of two products, whose factors fit 16 bits.
    const Pairs gone = -old[i], kept = update ^ (Pairs{} - 32767 - 1);  // update - 2^15
    const auto weighed = [&](Pairs values, Pairs shares) { return (16384 - dot(Sums{}, values, shares)) >> 15; };
    const Sums low = weighed(first_in_turn(gone, fresh), first_in_turn(update, kept));
    const Sums high = weighed(second_in_turn(gone, fresh), second_in_turn(update, kept));
    result[i] = packed_in_turn(low, high);
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < 2; ++i) {
    if constexpr (kNeighbours) {
      __builtin_memcpy(chunks[2 * i].h, &result[i], sizeof result[i]);
    } else {
      store_first(chunks[2 * i].h, first_half(result[i]), chunks[2 * i].count);
      store_first(chunks[2 * i + 1].h, second_half(result[i]), chunks[2 * i + 1].count);
    }
  }
}

static void gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  const bool neighbours = hidden % (2 * kLanes) == 0;
  UnitChunk chunks[4];
  size_t count = 0;
  for (size_t row = 0; row < rows; ++row, gi += 3 * hidden, gh += 3 * hidden, h += hidden) {
    for (size_t j = 0; j < hidden; j += kLanes) {
      chunks[count++] = {gi + j, gh + j, h + j, hidden - j < kLanes ? hidden - j : kLanes};
      if (count < 4) continue;
      count = 0;
      if (neighbours) {
        update_units<true>(chunks, hidden);
      } else {
        update_units<false>(chunks, hidden);
      }
    }
  }
  if (count == 0) return;
  // All are read before one is written: a chunk may stand there twice.
  for (size_t i = count; i < 4; ++i) chunks[i] = chunks[0];
  update_units<false>(chunks, hidden);
}
