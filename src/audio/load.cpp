#include <algorithm>
#include <cmath>
#include <utility>

#include "audio/resampler.hpp"
#include "audio/sound.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"

namespace pellucid::audio {
namespace {

constexpr std::size_t kBlockFrames = 16384;
constexpr double kEndless = 0x1p62;  // frames; more than any sound has

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

struct SoundStream::Impl {
  Reader reader;
  std::size_t channels_in;
  int channels, rate_hz;
  std::int64_t left = 0;  // frames of the file
  std::optional<std::int64_t> frames;
  bool finished = false;
  StreamResampler resampler;
  std::vector<float> block, mono;

  Impl(const std::filesystem::path& path, const LoadOptions& options)
      : reader(path),
        channels_in(static_cast<std::size_t>(reader.format().channels)),
        channels(options.mono ? 1 : reader.format().channels),
        rate_hz(options.rate_hz.value_or(reader.format().rate_hz)),
        resampler(reader.format().rate_hz, rate_hz, channels),
        block(kBlockFrames * channels_in) {
    const StreamFormat& format = reader.format();
    const auto start = static_cast<std::int64_t>(std::min(options.offset_s * format.rate_hz, kEndless));
    const std::int64_t skipped = skip(start);
    if (skipped < start) {
      throw Error(ExitCode::kAudio, "{}: cannot be read from {} s on; it has {:.3f} s.", path.string(),
                  options.offset_s, static_cast<double>(skipped) / format.rate_hz);
    }
    const bool stated = format.frames >= 0;
    left = stated ? format.frames - start : static_cast<std::int64_t>(kEndless);
    if (options.duration_s) {
      const double wanted = *options.duration_s * format.rate_hz;
      if (wanted < static_cast<double>(left)) left = static_cast<std::int64_t>(wanted);
    }
    if (stated) frames = resampled_frames(left, format.rate_hz, rate_hz);
  }

  // Fewer frames than asked for where there are no more.
  std::int64_t skip(std::int64_t count) {
    const std::int64_t held = reader.format().frames;
    if (held >= 0 && count > held) return held;
    if (count == 0 || reader.seek(count)) return count;
    std::int64_t done = 0;  // in a pipe, by reading
    while (done < count) {
      const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(count - done, kBlockFrames));
      const std::size_t got = reader.read(std::span(block).first(wanted * channels_in));
      if (got == 0) break;
      done += static_cast<std::int64_t>(got);
    }
    return done;
  }

  void read(std::vector<float>& out) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, kBlockFrames));
    const std::size_t got = wanted > 0 ? reader.read(std::span(block).first(wanted * channels_in)) : 0;
    if (got == 0) {
      resampler.finish(out);
      finished = true;
      return;
    }
    left -= static_cast<std::int64_t>(got);
    const std::span<const float> read = std::span(block).first(got * channels_in);
    if (channels == reader.format().channels) {
      resampler.process(read, out);
    } else {
      mono.clear();
      average_channels(read, channels_in, mono);
      resampler.process(mono, out);
    }
  }
};

SoundStream::SoundStream(const std::filesystem::path& path, const LoadOptions& options) {
  if (options.offset_s < 0 || !std::isfinite(options.offset_s) || (options.duration_s && !(*options.duration_s >= 0)) ||
      (options.rate_hz && (*options.rate_hz < 1 || *options.rate_hz > kMaxRateHz))) {
    throw Error(ExitCode::kUsage,
                "{}: cannot be loaded with a negative offset or duration, or a rate outside 1 to {} Hz.", path.string(),
                kMaxRateHz);
  }
  impl_ = std::make_unique<Impl>(path, options);
}

SoundStream::~SoundStream() = default;
SoundStream::SoundStream(SoundStream&&) noexcept = default;
SoundStream& SoundStream::operator=(SoundStream&&) noexcept = default;

int SoundStream::rate_hz() const { return impl_->rate_hz; }
int SoundStream::channels() const { return impl_->channels; }

std::optional<std::int64_t> SoundStream::frames() const { return impl_->frames; }

bool SoundStream::read(std::vector<float>& block) {
  block.clear();
  while (block.empty() && !impl_->finished) impl_->read(block);
  return !block.empty();
}

Spilled<float> SoundStream::read_all() {
  Spill<float> all(temporary_folder());
  std::vector<float> block;
  while (read(block)) all.append(block);
  return std::move(all).finish();
}

std::uint64_t SoundStream::repaired_samples() const { return impl_->reader.repaired_samples(); }

Sound load(const std::filesystem::path& path, const LoadOptions& options) {
  SoundStream stream(path, options);
  Sound sound;
  sound.channels = stream.channels();
  sound.rate_hz = stream.rate_hz();
  std::vector<float> block;
  while (stream.read(block)) sound.samples.insert(sound.samples.end(), block.begin(), block.end());
  sound.repaired_samples = stream.repaired_samples();
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
