// Files of sound in and out: any format libsndfile reads, any rate through soxr (HQ).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace pellucid::audio {

/// Interleaved float32 samples, full scale = 1.
struct Sound {
  std::vector<float> samples;
  int channels = 1;
  int rate_hz = 0;
  std::uint64_t repaired_samples = 0;  ///< samples of the file that were NaN or infinite and were set to 0
  std::size_t frames() const { return channels > 0 ? samples.size() / static_cast<std::size_t>(channels) : 0; }
};

struct LoadOptions {
  std::optional<int> rate_hz = std::nullopt;        ///< resample to this rate; none keeps the file's own
  bool mono = true;                                 ///< average the channels, as librosa.load does
  double offset_s = 0.0;                            ///< start here
  std::optional<double> duration_s = std::nullopt;  ///< read at most this much
};

/// What `librosa.load` gives: float32, mono by mean, resampled length ceil(frames * rate / file_rate).
/// Also as librosa: offset and duration count whole samples of the file's own rate (rounded down).
/// Throws Error(kInput) when the file is missing or a folder, Error(kAudio) when it is empty, not sound, cut short,
/// damaged, beyond 32 channels or outside 1 to 384 kHz, or ends before `offset_s`.
Sound load(const std::filesystem::path& path, const LoadOptions& options = {});

/// Resamples one channel by soxr HQ to ceil(n * to_hz / from_hz) samples.
std::vector<float> resample(std::span<const float> x, int from_hz, int to_hz);

}  // namespace pellucid::audio
