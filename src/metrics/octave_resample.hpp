// The resampler that the published STOI figures were computed with: Octave's `resample`, a Kaiser-windowed sinc.
#pragma once

#include <span>
#include <vector>

namespace pellucid::metrics {

/// Resamples to ceil(n * to_hz / from_hz) samples with the filter of Octave's signal package (60 dB rejection,
/// transition of a tenth of the cut-off), zero delay. Rates are positive.
std::vector<double> octave_resample(std::span<const float> x, int from_hz, int to_hz);

}  // namespace pellucid::metrics
