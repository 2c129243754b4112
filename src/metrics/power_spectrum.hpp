// The squared magnitudes of a real frame's Fourier transform.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "metrics/real_transform.hpp"

namespace pellucid::metrics {

/// One thread at a time; the transform is computed in single precision.
class PowerSpectrum {
 public:
  /// `size` as RealTransform takes it.
  explicit PowerSpectrum(std::size_t size) : transform_(size), frame_(size), spectrum_(size + 2) {}

  std::size_t size() const { return frame_.size(); }
  std::size_t bins() const { return frame_.size() / 2 + 1; }
  /// |X[k]|^2 for k = 0..size/2 into `power` (at least bins() values), not scaled. A shorter frame is padded with
  /// zeros.
  void operator()(std::span<const double> frame, std::span<double> power);

 private:
  RealTransform transform_;
  std::vector<float> frame_, spectrum_;
};

}  // namespace pellucid::metrics
