// What happens to a frame between network and synthesis: a post-filter, and limits that hold whatever the network says.
//
//   post_filter(in, out, bins, amount);                 // where amount > 0
//   float top = limit_bins(in, out, bins, floor);       // power gain of the top quarter
//
// Spectra are [bins][re, im]; `in` is what the network got, `out` what it gave and what is changed.
#pragma once

#include <stdint.h>

namespace pellucid::engine {

/// A bin may come out at most this much louder than it came in (12 dB): a network that errs does no harm.
inline constexpr float kMaxGain = 4.0f;

/// The post-filter of Valin et al., "A Perceptually-Motivated Approach for Low-Complexity, Real-Time Enhancement of
/// Fullband Speech", Interspeech 2020, section 5.2: a bin of gain g gets g sin(pi g / 2), which weakens what is noisy
/// between the harmonics, and the frame is made louder for what that cost: by sqrt((1 + b) r / (1 + b r^2)), where r is
/// the frame's energy before over that after and b = 0.02. `amount` 0..1 blends from nothing to all of it.
void post_filter(const float* in, float* out, uint32_t bins, float amount);

/// Bounds each bin's gain to `floor`..kMaxGain; gives the power gain of the top quarter, 1 when nothing is there.
float limit_bins(const float* in, float* out, uint32_t bins, float floor);

/// The least magnitude gain that a limit in dB leaves; 100 dB or more is none.
float floor_of(float limit_db);

/// sqrt(power) where it is worth one, else 0.
float root_of(float power);

}  // namespace pellucid::engine
