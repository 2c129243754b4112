#include "metrics/power_spectrum.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "dsp/arena.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {

PowerSpectrum::PowerSpectrum(std::size_t size) : frame_(size), spectrum_(size + 2) {
  const auto transform_size = static_cast<std::uint32_t>(size);
  dsp::Arena measure;
  fft_.init(transform_size, measure);
  memory_.resize(measure.bytes() + dsp::Arena::kAlignment);
  void* start = memory_.data();
  std::size_t space = memory_.size();
  std::align(dsp::Arena::kAlignment, measure.bytes(), start, space);
  dsp::Arena arena(start, space);
  if (!fft_.init(transform_size, arena)) {
    throw Error(ExitCode::kInternal, "there is no Fourier transform of {} samples", size);
  }
}

void PowerSpectrum::operator()(std::span<const double> frame, std::span<double> power) {
  std::transform(frame.begin(), frame.end(), frame_.begin(), [](double v) { return static_cast<float>(v); });
  std::fill(frame_.begin() + static_cast<std::ptrdiff_t>(frame.size()), frame_.end(), 0.0F);
  fft_.forward(frame_.data(), spectrum_.data());
  for (std::size_t k = 0; k < bins(); ++k) {
    const double re = spectrum_[2 * k], im = spectrum_[2 * k + 1];
    power[k] = re * re + im * im;
  }
}

}  // namespace pellucid::metrics
