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

/// Of a register of units: their gates' sums.
struct Gates {
  Pairs in[3], back[3];
};

/// Where the next unit of [rows][3 hidden] is.
struct UnitPlace {
  const int16_t *gi, *gh;
  size_t unit, hidden;

  /// The next `count` units, at most a register full: of a row, then of the next, and so on.
  [[gnu::always_inline]] inline Gates take(size_t count) {
    Gates gates = {};
    for (size_t lane = 0; lane < count;) {
      const size_t left = hidden - unit, here = count - lane < left ? count - lane : left;
      const uint32_t lanes = first_lanes(here) << lane;
#pragma GCC unroll 3
      for (size_t gate = 0; gate < 3; ++gate) {
        const ptrdiff_t at = ptrdiff_t(gate * hidden + unit) - ptrdiff_t(lane);  // of lane 0, which may lie rows before
        gates.in[gate] = loaded_too(gates.in[gate], lanes, gi + at);
        gates.back[gate] = loaded_too(gates.back[gate], lanes, gh + at);
      }
      lane += here;
      unit += here;
      if (unit < hidden) continue;
      unit = 0;
      gi += 3 * hidden;
      gh += 3 * hidden;
    }
    return gates;
  }
};

/// Two registers of units, whose steps a compiler can take in turn.
PELLUCID_INLINE void update_units(const Gates* gates, const Pairs* old, Pairs* result) {
#pragma GCC unroll 2
  for (size_t i = 0; i < 2; ++i) {
    const Gates& g = gates[i];
    const Pairs reset = sigmoid(saturating_sum(g.in[0], g.back[0]));
    const Pairs update = sigmoid(saturating_sum(g.in[1], g.back[1]));
    const Pairs x = saturating_sum(g.in[2], rounded_q15(reset, g.back[2]));
    const Pairs fresh = tanh_half(saturating_sum(x, x));
    // fresh + ((update (old - fresh) + 2^14) >> 15) as 2^14 less one sum of two products, whose factors fit 16 bits.
    const Pairs gone = -old[i], kept = update ^ (Pairs{} - 32767 - 1);  // update - 2^15
    const auto weighed = [&](Pairs values, Pairs shares) { return (16384 - dot(Sums{}, values, shares)) >> 15; };
    const Sums low = weighed(first_in_turn(gone, fresh), first_in_turn(update, kept));
    const Sums high = weighed(second_in_turn(gone, fresh), second_in_turn(update, kept));
    result[i] = packed_in_turn(low, high);
  }
}

static void gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  constexpr size_t kUnits = 2 * kLanes;
  UnitPlace place = {gi, gh, 0, hidden};
  for (size_t left = rows * hidden; left > 0;) {
    const size_t first = left < kUnits ? left : kUnits, second = left - first < kUnits ? left - first : kUnits;
    const Gates gates[2] = {place.take(first), place.take(second)};
    const Pairs old[2] = {loaded_too(Pairs{}, first_lanes(first), h),
                          loaded_too(Pairs{}, first_lanes(second), h + kUnits)};
    Pairs result[2];
    update_units(gates, old, result);
    store_lanes(h, first_lanes(first), result[0]);
    store_lanes(h + kUnits, first_lanes(second), result[1]);
    h += first + second;
    left -= first + second;
  }
}
