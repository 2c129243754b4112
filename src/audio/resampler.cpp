#include "audio/resampler.hpp"

#include <soxr.h>

#include <cmath>

#include "support/error.hpp"

namespace pellucid::audio {
namespace {

constexpr std::size_t kOutputFrames = 4096;

}  // namespace

std::int64_t resampled_frames(std::int64_t frames, int from_hz, int to_hz) {
  const double ratio = static_cast<double>(to_hz) / from_hz;
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(frames) * ratio));
}

struct StreamResampler::Impl {
  soxr_t soxr = nullptr;
  int from_hz = 0, to_hz = 0;
  std::size_t channels = 1;
  std::int64_t frames_in = 0, frames_out = 0;
  std::vector<float> block;

  ~Impl() { soxr_delete(soxr); }

  void check(const char* error) const {
    if (error != nullptr) {
      throw Error(ExitCode::kInternal, "Resampling from {} to {} Hz failed: {}.", from_hz, to_hz, error);
    }
  }

  void append(std::size_t frames, std::vector<float>& out) {
    out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
    frames_out += static_cast<std::int64_t>(frames);
  }
};

StreamResampler::StreamResampler(int from_hz, int to_hz, int channels) : impl_(std::make_unique<Impl>()) {
  if (from_hz <= 0 || to_hz <= 0 || channels <= 0) {
    throw Error(ExitCode::kInternal, "Resampling from {} to {} Hz with {} channels makes no sense.", from_hz, to_hz,
                channels);
  }
  impl_->from_hz = from_hz;
  impl_->to_hz = to_hz;
  impl_->channels = static_cast<std::size_t>(channels);
  impl_->block.resize(kOutputFrames * impl_->channels);
  if (from_hz == to_hz) return;
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  soxr_error_t error = nullptr;
  impl_->soxr = soxr_create(from_hz, to_hz, static_cast<unsigned>(channels), &error, &io, &quality, &runtime);
  impl_->check(error);
}

StreamResampler::~StreamResampler() = default;
StreamResampler::StreamResampler(StreamResampler&&) noexcept = default;
StreamResampler& StreamResampler::operator=(StreamResampler&&) noexcept = default;

void StreamResampler::process(std::span<const float> interleaved, std::vector<float>& out) {
  Impl& state = *impl_;
  std::size_t left = interleaved.size() / state.channels;
  const float* at = interleaved.data();
  state.frames_in += static_cast<std::int64_t>(left);
  if (state.soxr == nullptr) {
    out.insert(out.end(), interleaved.begin(), interleaved.end());
    state.frames_out += static_cast<std::int64_t>(left);
    return;
  }
  while (left > 0) {
    std::size_t used = 0, made = 0;
    state.check(soxr_process(state.soxr, at, left, &used, state.block.data(), kOutputFrames, &made));
    at += used * state.channels;
    left -= used;
    state.append(made, out);
  }
}

void StreamResampler::finish(std::vector<float>& out) {
  Impl& state = *impl_;
  if (state.soxr != nullptr && state.frames_in > 0) {
    for (std::size_t made = 1; made > 0;) {
      state.check(soxr_process(state.soxr, nullptr, 0, nullptr, state.block.data(), kOutputFrames, &made));
      state.append(made, out);
    }
  }
  // soxr rounds the length to nearest, librosa up: cut or pad the last sample.
  const std::int64_t wanted = resampled_frames(state.frames_in, state.from_hz, state.to_hz);
  const auto difference = (wanted - state.frames_out) * static_cast<std::int64_t>(state.channels);
  const auto size = static_cast<std::int64_t>(out.size()) + difference;
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  state.frames_out = wanted;
}

}  // namespace pellucid::audio
