// A stream of another sample rate through soxr at its HQ setting (20 bits, linear phase), block by block.
//
//   StreamResampler to_16k(44100, 16000, channels);
//   to_16k.process(block, out);  // appends to out
//   to_16k.finish(out);          // the rest
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pellucid::audio {

/// librosa's rule: ceil(frames * (to / from)) in double precision.
std::int64_t resampled_frames(std::int64_t frames, int from_hz, int to_hz);

class StreamResampler {
 public:
  StreamResampler(int from_hz, int to_hz, int channels);
  ~StreamResampler();
  StreamResampler(StreamResampler&&) noexcept;
  StreamResampler& operator=(StreamResampler&&) noexcept;

  /// Interleaved whole frames in; what has come out is appended to `out`.
  void process(std::span<const float> interleaved, std::vector<float>& out);
  /// Appends the rest, so that resampled_frames(all frames in) have come out: aligned in time, no delay left.
  void finish(std::vector<float>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pellucid::audio
