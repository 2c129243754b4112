#include <algorithm>
#include <cmath>

#include "audio/resampler.hpp"
#include "audio/sound.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"

namespace pellucid::audio {
namespace {

constexpr std::size_t kBlockFrames = 16384;

// numpy's mean of float32: a float32 sum over the channels, then one division.
void average_channels(std::span<const float> interleaved, std::size_t channels, std::vector<float>& out) {
  const auto count = static_cast<float>(channels);
  for (std::size_t at = 0; at < interleaved.size(); at += channels) {
    float sum = interleaved[at];
    for (std::size_t c = 1; c < channels; ++c) sum += interleaved[at + c];
    out.push_back(sum / count);
  }
}

}  // namespace

Sound load(const std::filesystem::path& path, const LoadOptions& options) {
  if (options.offset_s < 0 || !std::isfinite(options.offset_s) || (options.duration_s && !(*options.duration_s >= 0)) ||
      (options.rate_hz && (*options.rate_hz < 1 || *options.rate_hz > kMaxRateHz))) {
    throw Error(ExitCode::kUsage,
                "{}: cannot be loaded with a negative offset or duration, or a rate outside 1 to {} Hz.", path.string(),
                kMaxRateHz);
  }
  Reader reader(path);
  const StreamFormat& format = reader.format();
  const auto channels = static_cast<std::size_t>(format.channels);
  const auto start = static_cast<std::int64_t>(options.offset_s * format.rate_hz);
  if (start > 0 && !reader.seek(start)) {
    throw Error(ExitCode::kAudio, "{}: cannot be read from {} s on; it has {:.3f} s.", path.string(), options.offset_s,
                static_cast<double>(format.frames) / format.rate_hz);
  }
  auto left = format.frames >= 0 ? format.frames - start : std::int64_t{1} << 62;
  if (options.duration_s) {
    const double wanted = *options.duration_s * format.rate_hz;
    if (wanted < static_cast<double>(left)) left = static_cast<std::int64_t>(wanted);
  }

  Sound sound;
  sound.channels = options.mono ? 1 : format.channels;
  sound.rate_hz = options.rate_hz.value_or(format.rate_hz);
  StreamResampler resampler(format.rate_hz, sound.rate_hz, sound.channels);
  std::vector<float> block(kBlockFrames * channels), mono;
  while (left > 0) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, kBlockFrames));
    const std::size_t got = reader.read(std::span(block).first(wanted * channels));
    if (got == 0) break;
    left -= static_cast<std::int64_t>(got);
    const std::span<const float> read = std::span(block).first(got * channels);
    if (sound.channels == format.channels) {
      resampler.process(read, sound.samples);
    } else {
      mono.clear();
      average_channels(read, channels, mono);
      resampler.process(mono, sound.samples);
    }
  }
  resampler.finish(sound.samples);
  sound.repaired_samples = reader.repaired_samples();
  return sound;
}

std::vector<float> resample(std::span<const float> x, int from_hz, int to_hz) {
  std::vector<float> out;
  StreamResampler resampler(from_hz, to_hz, 1);
  resampler.process(x, out);
  resampler.finish(out);
  return out;
}

}  // namespace pellucid::audio
