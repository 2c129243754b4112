// Files of sound in and out: any format libsndfile reads, any rate through soxr (HQ).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "support/spill.hpp"

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

/// What load() gives, block by block: constant memory however long the file.
///
///   SoundStream sound("talk.flac", {.rate_hz = 16000});
///   std::vector<float> block;
///   while (sound.read(block)) use(block);
class SoundStream {
 public:
  /// Throws as load() does, here or in read().
  explicit SoundStream(const std::filesystem::path& path, const LoadOptions& options = {});
  ~SoundStream();
  SoundStream(SoundStream&&) noexcept;
  SoundStream& operator=(SoundStream&&) noexcept;

  int rate_hz() const;
  int channels() const;
  /// How many frames there are by what the file states; none where it does not. An MP3 file may end earlier.
  std::optional<std::int64_t> frames() const;
  /// Replaces `block` with the next interleaved samples; false at the end, with none.
  bool read(std::vector<float>& block);
  /// All that follows: in memory, or where that is much in an unnamed file in temporary_folder().
  Spilled<float> read_all();
  /// So far, as Sound::repaired_samples.
  std::uint64_t repaired_samples() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Resamples one channel by soxr HQ to ceil(n * to_hz / from_hz) samples.
std::vector<float> resample(std::span<const float> x, int from_hz, int to_hz);

}  // namespace pellucid::audio
