#include "engine/need.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kTunedHop = 0.016f, kRise = 0.3f, kFall = 0.016f;
constexpr float kNothing = 0.004f;  // 48 dB down: the input itself then, to the bit

/// 1 from `all` on, 0 from `none` on, straight between.
float between(float x, float none, float all) {
  return dsp::min_of(dsp::max_of((x - none) / (all - none), 0.0f), 1.0f);
}

}  // namespace

void Need::init(float hop_s) {
  rise_ = dsp::min_of(kRise * (hop_s / kTunedHop), 1.0f);
  fall_ = dsp::min_of(kFall * (hop_s / kTunedHop), 1.0f);
}

void Need::update(float snr_db, float noise_dbfs) {
  const float wanted =
      dsp::min_of(between(snr_db, kLeaveAloneSnrDb, kDenoiseSnrDb), between(noise_dbfs, kLeaveAloneDbfs, kDenoiseDbfs));
  share_ += (wanted - share_) * (wanted > share_ ? rise_ : fall_);
  if (wanted == 0.0f && share_ < kNothing) share_ = 0.0f;
  if (wanted == 1.0f && share_ > 1.0f - kNothing) share_ = 1.0f;
}

}  // namespace pellucid::engine
