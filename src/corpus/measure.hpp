// What a recording is like: levels, pauses, clipping, bandwidth. All of it decides whether the recording is fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pellucid::corpus {

/// Levels in dBFS (full-scale square wave = 0 dB), never below -100.
struct Measures {
  double duration_s = 0;
  float active_level_dbfs = 0;  ///< ITU-T P.56, method B
  float activity = 0;           ///< share of active speech, 0..1
  float rms_dbfs = 0;
  float peak = 0;              ///< largest magnitude, full scale = 1
  float noise_floor_dbfs = 0;  ///< 5th percentile of the levels of 20 ms frames
  float dynamic_db = 0;        ///< 95th minus 5th percentile of the same
  float silence_share = 0;     ///< share of 20 ms frames below -70 dBFS, 0..1
  float clipped_share = 0;     ///< see ClipCounter
  float bandwidth_hz = 0;      ///< highest frequency within 60 dB of the strongest in the mean spectrum
};

/// Measures one channel. clipped_share is left at 0: ClipCounter measures it on the file's own samples, before
/// resampling smears them.
Measures measure(std::span<const float> samples, int rate_hz);

/// Counts samples that stand in runs of two or more at or above 0.99 of full scale, channel by channel, block by block.
class ClipCounter {
 public:
  explicit ClipCounter(int channels) : runs_(static_cast<std::size_t>(channels)) {}
  void add(std::span<const float> interleaved);
  /// 0..1
  float share() const;

 private:
  std::vector<std::size_t> runs_;
  std::uint64_t clipped_ = 0, total_ = 0;
};

/// Mean power spectrum (Hann, 512 points, half overlapped) and the highest frequency within 60 dB of its maximum.
float bandwidth_hz(std::span<const float> samples, int rate_hz);

}  // namespace pellucid::corpus
