// Sixteen float lanes by compiler vector extensions: one source for AVX-512, AVX2, SSE and NEON.
#pragma once

#include <cstdint>
#include <cstring>

namespace pellucid::training {

typedef float Vec __attribute__((vector_size(64)));
typedef std::int32_t VecInt __attribute__((vector_size(64)));
inline constexpr int kLanes = 16;

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
// Half a vector goes without a call to memcpy: it is what rows of 8 or 24 end with.
inline Vec load_part(const float* p, long n) {
  Vec v = {};
  if (n == kLanes / 2)
    std::memcpy(&v, p, sizeof v / 2);
  else
    std::memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(float));
  return v;
}
inline void store_part(float* p, Vec v, long n) {
  if (n == kLanes / 2)
    std::memcpy(p, &v, sizeof v / 2);
  else
    std::memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(float));
}
inline constexpr long padded(long n) { return (n + kLanes - 1) / kLanes * kLanes; }
/// n = 1..16 lanes; the others are zero.
inline Vec get(const float* p, long n) { return n == kLanes ? load(p) : load_part(p, n); }
inline void put(float* p, Vec v, long n) {
  if (n == kLanes)
    store(p, v);
  else
    store_part(p, v, n);
}
/// body(first, lanes) for every group of lanes.
template <typename Body>
void for_channels(long n, Body body) {
  for (long i = 0; i < n; i += kLanes) body(i, n - i < kLanes ? n - i : kLanes);
}
inline Vec splat(float x) { return Vec{} + x; }
inline Vec select(VecInt mask, Vec yes, Vec no) {
  return reinterpret_cast<Vec>((reinterpret_cast<VecInt>(yes) & mask) | (reinterpret_cast<VecInt>(no) & ~mask));
}
inline Vec clamp(Vec x, float low, float high) {
  x = select(x < splat(low), splat(low), x);
  return select(x > splat(high), splat(high), x);
}

/// 2^x for |x| <= 126, relative error below 3e-7 (degree-6 minimax on [-0.5, 0.5]).
inline Vec exp2(Vec x) {
  const Vec rounded = (x + 12582912.0f) - 12582912.0f;
  const Vec f = x - rounded;
  Vec p = splat(1.535336188319500e-4f);
  p = p * f + 1.339887440266574e-3f;
  p = p * f + 9.618437357674640e-3f;
  p = p * f + 5.550332471162809e-2f;
  p = p * f + 2.402264791363012e-1f;
  p = p * f + 6.931472028550421e-1f;
  p = p * f + 1.0f;
  const VecInt e = (__builtin_convertvector(rounded, VecInt) + 127) << 23;
  return p * reinterpret_cast<Vec>(e);
}

/// log2(x) for normal x > 0, absolute error about 2e-7 near 1 (atanh series on [sqrt(1/2), sqrt(2)]).
inline Vec log2(Vec x) {
  const VecInt bits = reinterpret_cast<VecInt>(x);
  const VecInt e = (bits - 0x3f3504f3) >> 23;
  const Vec m = reinterpret_cast<Vec>(bits - (e << 23));
  const Vec t = (m - 1.0f) / (m + 1.0f);
  const Vec s = t * t;
  Vec p = splat(0.3205989f);
  p = p * s + 0.4121977f;
  p = p * s + 0.5770780f;
  p = p * s + 0.9617967f;
  p = p * s + 2.8853901f;
  return __builtin_convertvector(e, Vec) + t * p;
}

inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exp2(clamp(x, -30.0f, 30.0f) * -1.4426950408889634f)); }
inline Vec tanh(Vec x) { return 2.0f / (1.0f + exp2(clamp(x, -15.0f, 15.0f) * -2.8853900817779268f)) - 1.0f; }

}  // namespace pellucid::training
