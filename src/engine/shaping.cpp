#include "engine/shaping.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kMostPower = kMaxGain * kMaxGain;
constexpr float kLeastPower = 1e-30f;  // of a bin that is worth a division
constexpr float kMostRatio = 1e38f;    // of two powers; beyond, there is no number for it

/// sin(pi x / 2) for x in 0..1 by its Taylor series, error below 6e-8.
float sin_quarter(float x) {
  const float x2 = x * x;
  float p = -3.5988432e-6f;
  p = p * x2 + 1.6044118e-4f;
  p = p * x2 - 4.6817541e-3f;
  p = p * x2 + 7.9692626e-2f;
  p = p * x2 - 6.4596410e-1f;
  p = p * x2 + 1.5707963f;
  return p * x;
}

/// Whether limit_bins has nothing to do.
bool all_within(const float* in, const float* out, uint32_t bins, float least) {
  uint32_t beyond = 0;
  for (uint32_t k = 0; k < bins; ++k) {
    const float power_in = in[2 * k] * in[2 * k] + in[2 * k + 1] * in[2 * k + 1];
    const float power_out = out[2 * k] * out[2 * k] + out[2 * k + 1] * out[2 * k + 1];
    beyond |=
        static_cast<uint32_t>(power_out < least * power_in) | static_cast<uint32_t>(power_out > kMostPower * power_in);
  }
  return beyond == 0;
}

}  // namespace

float floor_of(float limit_db) {
  return limit_db >= 100.0f ? 0.0f : dsp::exp2_of(limit_db * -0.166096405f);  // 10^(-dB/20), log2(10)/20
}

float root_of(float power) { return power > kLeastPower ? dsp::pow_of(power, dsp::make_power(0.5)) : 0.0f; }

void post_filter(const float* in, float* out, uint32_t bins, float amount) {
  constexpr float kBeta = 0.02f;
  float before = 0.0f, after = 0.0f;
  for (uint32_t k = 0; k < bins; ++k) {
    const float xr = in[2 * k], xi = in[2 * k + 1], yr = out[2 * k], yi = out[2 * k + 1];
    const float power_in = xr * xr + xi * xi;
    const float power_out = dsp::min_of(yr * yr + yi * yi, kMostPower * power_in);  // as limit_bins will have it
    const float power_gain = power_in > kLeastPower ? power_out / power_in : 0.0f;
    const float warp = 1.0f - amount + amount * sin_quarter(root_of(dsp::min_of(power_gain, 1.0f)));
    out[2 * k] = yr * warp;
    out[2 * k + 1] = yi * warp;
    before += power_out;
    after += power_out * (warp * warp);
  }
  if (!(after > kLeastPower)) return;
  const float ratio = before / after;
  const float louder = root_of((1.0f + kBeta) * ratio / (1.0f + kBeta * ratio * ratio));
  for (uint32_t k = 0; k < 2 * bins; ++k) out[k] *= louder;
}

float limit_bins(const float* in, float* out, uint32_t bins, float floor) {
  const dsp::Power half = dsp::make_power(-0.5);
  const float least = floor * floor;
  const bool within = all_within(in, out, bins, least);  // the rule, and quick to see
  float top_in = 0.0f, top_out = 0.0f;
  for (uint32_t k = within ? (3 * bins + 3) / 4 : 0; k < bins; ++k) {
    const float xr = in[2 * k], xi = in[2 * k + 1], yr = out[2 * k], yi = out[2 * k + 1];
    const float power_in = xr * xr + xi * xi;
    float power_out = yr * yr + yi * yi;
    if (power_out < least * power_in) {
      // The input itself at the least gain: what is nearly gone has no phase of its own.
      out[2 * k] = xr * floor;
      out[2 * k + 1] = xi * floor;
      power_out = least * power_in;
    } else if (power_out > kMostPower * power_in) {
      const float ratio = power_out / power_in;  // infinite where next to nothing became very much
      const float shrink = power_in > kLeastPower && ratio < kMostRatio ? kMaxGain * dsp::pow_of(ratio, half) : 0.0f;
      out[2 * k] = yr * shrink;
      out[2 * k + 1] = yi * shrink;
      power_out = kMostPower * power_in;
    }
    if (4 * k >= 3 * bins) {
      top_in += power_in;
      top_out += power_out;
    }
  }
  return top_in > 1e-12f ? top_out / top_in : 1.0f;
}

}  // namespace pellucid::engine
