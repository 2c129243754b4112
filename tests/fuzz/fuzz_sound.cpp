#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "audio/mpeg.hpp"
#include "audio/pcm_stream.hpp"
#include "audio/sound.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

constexpr std::int64_t kMostFrames = 1 << 15;  // a few kB of FLAC can be hours of silence

/// A descriptor that a path leads to, without a disk.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) { PELLUCID_PROMISE(descriptor >= 0); }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

int file_of(const uint8_t* bytes, size_t size) {
  const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  PELLUCID_PROMISE(file >= 0 && ::write(file, bytes, size) == static_cast<ssize_t>(size));
  return file;
}

/// As much of it as a pipe holds.
int pipe_of(const uint8_t* bytes, size_t size) {
  int ends[2];
  PELLUCID_PROMISE(::pipe(ends) == 0);
  size = std::min<size_t>(size, 1 << 16);
  PELLUCID_PROMISE(::write(ends[1], bytes, size) == static_cast<ssize_t>(size));
  ::close(ends[1]);
  return ends[0];
}

void expect_plausible(const audio::StreamFormat& format) {
  PELLUCID_PROMISE(format.channels >= 1 && format.channels <= audio::kMaxChannels);
  PELLUCID_PROMISE(format.rate_hz >= audio::kMinRateHz && format.rate_hz <= audio::kMaxRateHz);
  PELLUCID_PROMISE(format.frames != 0 && format.frames >= -1);
  PELLUCID_PROMISE(!audio::describe(format).empty());
}

void read_all(const std::string& path, std::size_t block_frames, audio::Damage damage = audio::Damage::kRefuse) {
  audio::Reader reader(path, damage);
  const audio::StreamFormat& format = reader.format();
  expect_plausible(format);
  const auto channels = static_cast<std::size_t>(format.channels);
  std::vector<double> block(block_frames * channels);
  std::int64_t done = 0;
  while (done < kMostFrames) {
    const std::size_t got = reader.read(std::span<double>(block));
    if (got == 0) break;
    PELLUCID_PROMISE(got <= block_frames);
    done += static_cast<std::int64_t>(got);
    PELLUCID_PROMISE(format.frames < 0 || done <= format.frames);
    for (const double x : std::span(block).first(got * channels)) {
      PELLUCID_PROMISE(std::isfinite(static_cast<float>(x)));
    }
  }
  if (reader.seek(format.frames / 2)) reader.read(std::span<double>(block));
}

void load(const std::string& path) {
  const audio::Sound sound = audio::load(path, {.rate_hz = 16000, .offset_s = 0.001, .duration_s = 0.5});
  PELLUCID_PROMISE(sound.channels == 1 && sound.rate_hz == 16000 && sound.samples.size() <= 8001);
}

void count_frames(const uint8_t* bytes, size_t size) {
  const Descriptor file(file_of(bytes, size));
  const auto scan = audio::scan_mpeg(file.get());
  if (!scan) return;
  const auto file_bytes = static_cast<std::int64_t>(size);
  PELLUCID_PROMISE(scan->frames >= 0 && scan->frames <= file_bytes);
  PELLUCID_PROMISE(scan->first_frame >= 0 && scan->first_frame <= scan->audio_start && scan->first_frame < file_bytes);
  for (const bool with_tag : {false, true}) {
    audio::MpegSource source(::dup(file.get()), *scan, with_tag);
    std::vector<unsigned char> block(777);
    std::int64_t read = 0;
    while (const std::size_t got = source.read(block.data(), block.size())) read += static_cast<std::int64_t>(got);
    PELLUCID_PROMISE(scan->audio_start > file_bytes || read == source.size());
  }
}

void samples(const uint8_t* bytes, size_t size) {
  size_t at = 0;
  const auto source = [&](unsigned char* to, std::size_t count) {
    const std::size_t got = std::min(count, size - at);
    std::memcpy(to, bytes + at, got);
    at += got;
    return got;
  };
  audio::WavHeader header;
  std::vector<unsigned char> consumed;
  const audio::WavKind kind = audio::parse_wav_header(source, header, consumed);
  PELLUCID_PROMISE(consumed.size() == at && consumed.capacity() <= 2 * size + (1 << 17));
  if (kind != audio::WavKind::kPlain) return;
  // The rest as samples: what is read is what is written.
  const std::size_t sample_bytes = audio::bytes_per_sample(header.pcm), count = (size - at) / sample_bytes;
  std::vector<double> decoded(count);
  audio::decode_pcm(header.pcm, {bytes + at, count * sample_bytes}, decoded.data());
  std::vector<unsigned char> coded(count * sample_bytes);
  if (header.pcm != audio::Pcm::kF32 && header.pcm != audio::Pcm::kF64) {  // those may be NaN of any kind
    PELLUCID_PROMISE(audio::encode_pcm(header.pcm, decoded, coded.data()) == 0);
    PELLUCID_PROMISE(count == 0 || std::memcmp(coded.data(), bytes + at, coded.size()) == 0);
  }
  if (header.channels > audio::kMaxChannels) return;
  const std::string written = audio::make_wav_header(header);
  const auto again = [&, place = std::size_t{0}](unsigned char* to, std::size_t n) mutable {
    const std::size_t got = std::min(n, written.size() - place);
    std::memcpy(to, written.data() + place, got);
    place += got;
    return got;
  };
  audio::WavHeader back;
  consumed.clear();
  PELLUCID_PROMISE(audio::parse_wav_header(again, back, consumed) == audio::WavKind::kPlain);
  PELLUCID_PROMISE(back.pcm == header.pcm && back.rate_hz == header.rate_hz && back.channels == header.channels);
}

}  // namespace

void sound(const uint8_t* bytes, size_t size) {
  [[maybe_unused]] static const int no_ffmpeg = ::setenv("PATH", "/nowhere", 1);  // a process for every input
  if (size == 0) return;
  const std::uint8_t way = bytes[0];
  const audio::Damage damage = way % 10 < 5 ? audio::Damage::kRefuse : audio::Damage::kTakeTheRest;
  ++bytes;
  --size;
  try {
    switch (way % 5) {
      case 0:
        read_all(Descriptor(file_of(bytes, size)).path(), way < 100 ? 1024 : 37, damage);
        break;
      case 1:
        read_all(Descriptor(pipe_of(bytes, size)).path(), way < 100 ? 1024 : 37, damage);
        break;
      case 2:
        load(Descriptor(file_of(bytes, size)).path());
        break;
      case 3:
        count_frames(bytes, size);
        break;
      default:
        samples(bytes, size);
        break;
    }
  } catch (const Error& error) {
    PELLUCID_PROMISE(error.code() == ExitCode::kAudio && error.what()[0] != '\0');
  }
}

}  // namespace pellucid::fuzz
