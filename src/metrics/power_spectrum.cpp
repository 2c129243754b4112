#include "metrics/power_spectrum.hpp"

#include <algorithm>

namespace pellucid::metrics {

void PowerSpectrum::operator()(std::span<const double> frame, std::span<double> power) {
  std::transform(frame.begin(), frame.end(), frame_.begin(), [](double v) { return static_cast<float>(v); });
  std::fill(frame_.begin() + static_cast<std::ptrdiff_t>(frame.size()), frame_.end(), 0.0F);
  transform_.forward(frame_.data(), spectrum_.data());
  for (std::size_t k = 0; k < bins(); ++k) {
    const double re = spectrum_[2 * k], im = spectrum_[2 * k + 1];
    power[k] = re * re + im * im;
  }
}

}  // namespace pellucid::metrics
