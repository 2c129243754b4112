#include "training/kernels_amx.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512F__) && defined(__linux__)

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace pellucid::training::kernels {
namespace {

// Shapes of the eight tiles, as LDTILECFG reads them: 0 to 3 are C, row after row, 4 and 5 rows of A, 6 and 7 columns
// of B.
struct alignas(64) Shapes {
  std::uint8_t palette = 1, first_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

struct Block {
  Index rows[2], columns[2];
  bool operator==(const Block&) const = default;
};

VecInt numbers_low(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
VecInt numbers_high(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
VecInt twos_low(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
VecInt twos_high(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
VecInt quarters_even(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
VecInt quarters_odd(VecInt a, VecInt b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

void set(int tile, Index rows, Index columns, Shapes& shapes) {
  if (rows == 0 || columns == 0) return;
  shapes.rows[tile] = static_cast<std::uint8_t>(rows);
  shapes.row_bytes[tile] = static_cast<std::uint16_t>(columns * 4);
}

void configure(const Block& block) {
  Shapes shapes;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) set(2 * i + j, block.rows[i], block.columns[j], shapes);
    set(4 + i, block.rows[i], kTile, shapes);
    set(6 + i, kTile, block.columns[i], shapes);
  }
  _tile_loadconfig(&shapes);
}

void multiply(const Block& block, Index pairs, const Pair* a, Index row_step, const Pair* b, Index ldb, float* c,
              Index ldc, bool add) {
  const bool low = block.rows[1] > 0, right = block.columns[1] > 0;
  const Index a_bytes = row_step * 4, b_bytes = ldb * 4, c_bytes = ldc * 4;
  float* const c_low = c + kTile * ldc;
  const Pair* a_low = a + kTile * row_step;
  if (add) {
    _tile_loadd(0, c, c_bytes);
    if (right) _tile_loadd(1, c + kTile, c_bytes);
    if (low) _tile_loadd(2, c_low, c_bytes);
    if (low && right) _tile_loadd(3, c_low + kTile, c_bytes);
  } else {
    _tile_zero(0);
    if (right) _tile_zero(1);
    if (low) _tile_zero(2);
    if (low && right) _tile_zero(3);
  }
  for (Index p = 0; p < pairs; p += kTile, b += kTile * ldb) {
    _tile_loadd(4, a + p, a_bytes);
    _tile_loadd(6, b, b_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if (right) {
      _tile_loadd(7, b + kTile, b_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (low) {
      _tile_loadd(5, a_low + p, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if (right) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_bytes);
  if (right) _tile_stored(1, c + kTile, c_bytes);
  if (low) _tile_stored(2, c_low, c_bytes);
  if (low && right) _tile_stored(3, c_low + kTile, c_bytes);
}

bool asked_for_tiles() {
  constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, for the whole process
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

}  // namespace

bool has_tiles() {
  static const bool has = asked_for_tiles();
  return has;
}

void tile_product(Index m, Index n, Index pairs, const Pair* a, Index row_step, const Pair* b, Index ldb, float* c,
                  Index ldc, bool add) {
  __asm__ volatile("" ::: "memory");  // the tiles' loads do not say what they read
  const auto part = [](Index left) { return std::clamp<Index>(left, 0, kTile); };
  Block now{};
  for (Index j = 0; j < n; j += 2 * kTile) {
    for (Index i = 0; i < m; i += 2 * kTile) {
      const Block block{{part(m - i), part(m - i - kTile)}, {part(n - j), part(n - j - kTile)}};
      if (block != now) configure(now = block);
      multiply(block, pairs, a + i * row_step, row_step, b + j, ldb, c + i * ldc + j, ldc, add);
    }
  }
  _tile_release();
}

void turn_tile(const Pair* x, Index row_step, Pair* out, Index out_step) {
  VecInt row[kTile], turned[kTile];
  for (Index i = 0; i < kTile; ++i) std::memcpy(&row[i], x + i * row_step, sizeof row[i]);
  // Four by four inside quarters of the vectors, then the quarters.
  for (Index i = 0; i < kTile; i += 4) {
    const VecInt a = numbers_low(row[i], row[i + 1]), b = numbers_high(row[i], row[i + 1]);
    const VecInt c = numbers_low(row[i + 2], row[i + 3]), d = numbers_high(row[i + 2], row[i + 3]);
    turned[i] = twos_low(a, c);
    turned[i + 1] = twos_high(a, c);
    turned[i + 2] = twos_low(b, d);
    turned[i + 3] = twos_high(b, d);
  }
  for (Index i = 0; i < 4; ++i) {
    const VecInt a = quarters_even(turned[i], turned[i + 4]), b = quarters_odd(turned[i], turned[i + 4]);
    const VecInt c = quarters_even(turned[i + 8], turned[i + 12]), d = quarters_odd(turned[i + 8], turned[i + 12]);
    const auto put = [&](Index to, VecInt value) { std::memcpy(out + to * out_step, &value, sizeof value); };
    put(i, quarters_even(a, c));
    put(i + 4, quarters_even(b, d));
    put(i + 8, quarters_odd(a, c));
    put(i + 12, quarters_odd(b, d));
  }
}

}  // namespace pellucid::training::kernels

#else

namespace pellucid::training::kernels {

bool has_tiles() { return false; }
void tile_product(Index, Index, Index, const Pair*, Index, const Pair*, Index, float*, Index, bool) {}
void turn_tile(const Pair*, Index, Pair*, Index) {}

}  // namespace pellucid::training::kernels

#endif
