#include "metrics/real_transform.hpp"

#include <cstdint>
#include <memory>

#include "dsp/arena.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {

RealTransform::RealTransform(std::size_t size) {
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

}  // namespace pellucid::metrics
