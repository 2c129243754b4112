// Samples as callers hold them: planar or interleaved, float or 16-bit.
//
//   const auto in = Channels<const int16_t>::interleaved(samples, 2);
//   float x = to_float(in.first(channel)[frame * in.step()]);
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/math.hpp"

namespace pellucid::engine {

/// Where channel c's samples lie: first(c)[frame * step()].
template <typename Sample>
struct Channels {
  Sample* const* apart;  ///< planar, or null
  Sample* together;      ///< interleaved
  size_t count;

  static Channels planar(Sample* const* channels) { return {channels, nullptr, 1}; }
  static Channels interleaved(Sample* samples, size_t channels) { return {nullptr, samples, channels}; }
  Sample* first(size_t channel) const { return apart != nullptr ? apart[channel] : together + channel; }
  size_t step() const { return count; }
};

using Source = Channels<const float>;
using Sink = Channels<float>;

/// Louder samples are taken as this loud, so that no square of them overflows.
inline constexpr float kMaxSample = 1e9f;

/// What a sample counts as: nothing when it is no number or too small for a normal one, and never beyond kMaxSample.
inline float to_float(float x) {
  if (!dsp::is_finite(x) || dsp::is_subnormal(x)) return 0.0f;
  return dsp::min_of(dsp::max_of(x, -kMaxSample), kMaxSample);
}

/// Full scale is 32768: exact.
inline float to_float(int16_t x) { return static_cast<float>(x) * (1.0f / 32768.0f); }

inline void from_float(float x, float* sample) { *sample = x; }

/// To the nearest, ties to even; saturates.
inline void from_float(float x, int16_t* sample) {
  int32_t nearest;
  dsp::round_of(dsp::min_of(dsp::max_of(x * 32768.0f, -32768.0f), 32767.0f), &nearest);
  *sample = static_cast<int16_t>(nearest);
}

}  // namespace pellucid::engine
