// What fixed.hpp and integer_kernels_scalar.cpp define, four at a time: names and order of steps are theirs.
#include "dsp/fixed_tables.hpp"
#include "kernels/helium.hpp"

namespace pellucid::chip {
namespace {

constexpr int32_t kLeastLog = -2612471;  // log2(1e-12) in Q16

PELLUCID_INLINE uint32x4_t u(int32x4_t x) { return vreinterpretq_u32_s32(x); }
PELLUCID_INLINE int32x4_t s(uint32x4_t x) { return vreinterpretq_s32_u32(x); }

PELLUCID_INLINE int32x4_t tanh_half(int32x4_t x) {
  const int32x4_t a = vminq_s32(vabsq_s32(x), vdupq_n_s32(32767));
  const uint32x4_t i = u(vshrq_n_s32(a, 6));
  const int32x4_t rest = vandq_s32(a, vdupq_n_s32(63));
  const int32x4_t low = vldrhq_gather_shifted_offset_s32(dsp::kTanhHalf.value, i);
  const int32x4_t high = vldrhq_gather_shifted_offset_s32(dsp::kTanhHalf.value + 1, i);
  const int32x4_t y = vaddq_s32(low, vrshrq_n_s32(vmulq_s32(vsubq_s32(high, low), rest), 6));
  return vpselq_s32(vnegq_s32(y), y, vcmpltq_n_s32(x, 0));
}

PELLUCID_INLINE int32x4_t sigmoid_fixed(int32x4_t x) { return vaddq_n_s32(vshrq_n_s32(tanh_half(x), 1), 16384); }

PELLUCID_INLINE int32x4_t log2_q16(uint32x4_t x) {
  const uint32x4_t zeros = vclzq_u32(x);
  const uint32x4_t m = vshlq_u32(x, s(zeros));
  const uint32x4_t i = vandq_u32(vshrq_n_u32(m, 24), vdupq_n_u32(127));
  const uint32x4_t rest = vandq_u32(vshrq_n_u32(m, 8), vdupq_n_u32(0xffff));
  const uint32x4_t low = vldrwq_gather_shifted_offset_u32(dsp::kLog2.value, i);
  const uint32x4_t high = vldrwq_gather_shifted_offset_u32(dsp::kLog2.value + 1, i);
  const uint32x4_t part = vaddq_u32(low, vshrq_n_u32(vmulq_u32(vsubq_u32(high, low), rest), 16));
  return vaddq_s32(vshlq_n_s32(vsubq_s32(vdupq_n_s32(31), s(zeros)), 16), s(part));
}

struct Exponential {
  int32x4_t mantissa, exponent;
};

PELLUCID_INLINE Exponential exp2_q16(int32x4_t x) {
  const uint32x4_t fraction = vandq_u32(u(x), vdupq_n_u32(0xffff));
  const uint32x4_t i = vshrq_n_u32(fraction, 9), rest = vandq_u32(fraction, vdupq_n_u32(511));
  const uint32x4_t low = vldrhq_gather_shifted_offset_u32(dsp::kExp2.value, i);
  const uint32x4_t high = vldrhq_gather_shifted_offset_u32(dsp::kExp2.value + 1, i);
  const uint32x4_t part = vshrq_n_u32(vmulq_u32(vsubq_u32(high, low), rest), 9);
  return {s(vaddq_n_u32(vaddq_u32(low, part), 32768)), vshrq_n_s32(x, 16)};
}

PELLUCID_INLINE int32x4_t scale_log(int32x4_t x, uint32_t k) {
  const uint32x4_t rest = vandq_u32(u(x), vdupq_n_u32(0xffff));
  const uint32x4_t part = vaddq_u32(vmulq_n_u32(rest, k >> 16), vshrq_n_u32(vmulq_n_u32(rest, k & 0xffffu), 16));
  return vaddq_s32(vmulq_n_s32(vshrq_n_s32(x, 16), static_cast<int32_t>(k)), s(part));
}

/// Of zeros, log_power is -31 in Q16.
struct Normalised {
  int32x4_t re, im, exponent, log_power;
};

PELLUCID_INLINE Normalised normalise(int32x4_t re, int32x4_t im) {
  const uint32x4_t either = vorrq_u32(u(vabsq_s32(re)), u(vabsq_s32(im)));
  Normalised n;
  n.exponent = vsubq_s32(vdupq_n_s32(31 - 14), s(vclzq_u32(either)));
  const int32x4_t left = vnegq_s32(n.exponent);
  n.re = vshlq_s32(re, left);
  n.im = vshlq_s32(im, left);
  const uint32x4_t power = u(vaddq_s32(vmulq_s32(n.re, n.re), vmulq_s32(n.im, n.im)));
  n.log_power = vaddq_s32(log2_q16(power), vshlq_n_s32(n.exponent, 17));
  return n;
}

/// VRSHL's shift is a byte: what would be shifted further is chosen away.
template <int32_t kLeast>
PELLUCID_INLINE int32x4_t scaled(int32x4_t part, int32x4_t mantissa, int32x4_t shift) {
  const int32x4_t left = vnegq_s32(vmaxq_s32(shift, vdupq_n_s32(kLeast)));
  const int32x4_t value = vrshlq_s32(vmulq_s32(part, mantissa), left);
  return vpselq_s32(vdupq_n_s32(0), value, vcmpgtq_n_s32(shift, 31));
}

constexpr uint32_t kThirds[4] = {0, 3, 6, 9}, kHalves[4] = {0, 2, 4, 6};

}  // namespace

void helium_gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; ++row, gi += 3 * hidden, gh += 3 * hidden, h += hidden) {
    for (size_t j = 0; j < hidden; j += 4) {
      const auto both = [&](size_t at) { return vaddq_s32(vldrhq_s32(gi + at), vldrhq_s32(gh + at)); };
      const int32x4_t reset = sigmoid_fixed(both(j)), update = sigmoid_fixed(both(hidden + j));
      const int32x4_t kept = vrshrq_n_s32(vmulq_s32(reset, vldrhq_s32(gh + 2 * hidden + j)), 15);
      const int32x4_t sum = vaddq_s32(vldrhq_s32(gi + 2 * hidden + j), kept);
      const int32x4_t fresh = tanh_half(vaddq_s32(sum, sum));
      const int32x4_t change = vmulq_s32(update, vsubq_s32(vldrhq_s32(h + j), fresh));
      vstrhq_s32(h + j, vaddq_s32(fresh, vrshrq_n_s32(change, 15)));
    }
  }
}

void helium_compress(const nn::IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins) {
  const uint32x4_t at = vldrwq_u32(kThirds);
  for (size_t k = 0; k < bins; k += 4, spectrum += 8, features += 12) {
    const int32x4x2_t x = vld2q_s32(spectrum);
    const Normalised n = normalise(x.val[0], x.val[1]);
    // Zeros come below kLeastLog by themselves; choosing them by a predicate makes GCC 12.2 end with an internal error.
    static_assert(dsp::fixed_fraction_bits(dsp::kMaxFixedWindow) >= 0, "spectrum_q is 15 or more");
    const int32x4_t log = vmaxq_s32(vsubq_n_s32(n.log_power, 2 * 65536 * c.spectrum_q), vdupq_n_s32(kLeastLog));
    const Exponential magnitude = exp2_q16(vaddq_n_s32(scale_log(log, c.to_magnitude), 65536 * c.features_q));
    const Exponential gain = exp2_q16(vsubq_s32(vdupq_n_s32(65536 * c.features_q), scale_log(log, c.to_spectrum)));
    const int32x4_t shift = vsubq_s32(vdupq_n_s32(15 + c.spectrum_q), vaddq_s32(n.exponent, gain.exponent));
    const int32x4_t magnitude_shift = vsubq_s32(vdupq_n_s32(15), magnitude.exponent);
    vstrhq_scatter_shifted_offset_s32(features, at, limited(scaled<1>(n.re, gain.mantissa, shift)));
    vstrhq_scatter_shifted_offset_s32(features + 1, at, limited(scaled<1>(n.im, gain.mantissa, shift)));
    vstrhq_scatter_shifted_offset_s32(features + 2, at,
                                      limited(scaled<1>(vdupq_n_s32(1), magnitude.mantissa, magnitude_shift)));
  }
}

void helium_decompress(const nn::IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                       size_t bins) {
  const int32_t q = c.mask_q + c.features_q;
  const uint32x4_t thirds = vldrwq_u32(kThirds), halves = vldrwq_u32(kHalves);
  for (size_t k = 0; k < bins; k += 4, mask += 8, features += 12, spectrum += 8) {
    const int32x4_t mr = vldrhq_gather_shifted_offset_s32(mask, halves);
    const int32x4_t mi = vldrhq_gather_shifted_offset_s32(mask + 1, halves);
    const uint32x4_t power = u(vaddq_s32(vmulq_s32(mr, mr), vmulq_s32(mi, mi)));
    const mve_pred16_t low = vcmphiq_u32(vdupq_n_u32(c.least_power), power);
    const mve_pred16_t high = vcmphiq_u32(power, vdupq_n_u32(c.most_power));
    if (low != 0 || high != 0) {  // a mask beyond its limits is rare
      nn::kScalarIntegerKernels.decompress(c, mask, features, spectrum, 4);
      continue;
    }
    const int32x4_t xr = vldrhq_gather_shifted_offset_s32(features, thirds);
    const int32x4_t xi = vldrhq_gather_shifted_offset_s32(features + 1, thirds);
    const Normalised n =
        normalise(vsubq_s32(vmulq_s32(mr, xr), vmulq_s32(mi, xi)), vaddq_s32(vmulq_s32(mr, xi), vmulq_s32(mi, xr)));
    const int32x4_t log = vsubq_n_s32(n.log_power, 2 * 65536 * q);
    const Exponential gain = exp2_q16(vaddq_n_s32(scale_log(log, c.from_mask), 65536 * c.spectrum_q));
    const int32x4_t shift = vsubq_s32(vdupq_n_s32(15 + q), vaddq_s32(n.exponent, gain.exponent));
    int32x4x2_t y;
    y.val[0] = scaled<2>(n.re, gain.mantissa, shift);
    y.val[1] = scaled<2>(n.im, gain.mantissa, shift);
    vst2q_s32(spectrum, y);
  }
}

}  // namespace pellucid::chip
