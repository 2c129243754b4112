// The resampler that the published STOI figures were computed with: Octave's `resample`, a Kaiser-windowed sinc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pellucid::metrics {

/// The filter of Octave's signal package (60 dB rejection, transition of a tenth of the cut-off), zero delay. Holds no
/// more than the filter and the stretch that is asked for, however long the signal.
class OctaveResampler {
 public:
  /// Rates are positive; `x` has to live on.
  OctaveResampler(std::span<const float> x, int from_hz, int to_hz);

  /// ceil(n * to_hz / from_hz)
  std::size_t size() const;
  /// Samples begin … begin + out.size() - 1 of the result, all below size().
  void read(std::size_t begin, std::span<double> out);

 private:
  std::span<const float> x_;
  std::int64_t up_, down_;
  std::size_t per_phase_ = 0;
  std::vector<double> phases_;       // taps, phase by phase, reversed
  std::vector<std::int64_t> first_;  // first input of a phase, relative to position / up
  std::vector<double> stretch_;
};

/// All of it.
std::vector<double> octave_resample(std::span<const float> x, int from_hz, int to_hz);

}  // namespace pellucid::metrics
