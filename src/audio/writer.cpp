#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "audio/foreign.hpp"
#include "audio/layout.hpp"
#include "audio/open_sound.hpp"
#include "audio/pcm_stream.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"

namespace pellucid::audio {
namespace fs = std::filesystem;
namespace {

// Bits of a linear or companded integer format, 0 for float and for lossy coders. Companders code 16 bits.
int integer_bits(int code) {
  switch (code & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
      return 8;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ALAC_16:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
      return 16;
    case SF_FORMAT_ALAC_20:
      return 20;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24:
      return 24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
      return 32;
    default:
      return 0;
  }
}

// libsndfile's way to a descriptor, by our own hands so that no failed write gets lost in an encoder.
struct Sink {
  int descriptor = -1;
  int error = 0;

  static Sink& of(void* user) { return *static_cast<Sink*>(user); }
  static sf_count_t length(void* user) {
    struct stat status {};
    return ::fstat(of(user).descriptor, &status) == 0 ? status.st_size : 0;
  }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    return ::lseek(of(user).descriptor, offset, whence);
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    const ssize_t got = ::read(of(user).descriptor, to, static_cast<std::size_t>(count));
    return got < 0 ? 0 : got;
  }
  static sf_count_t write(const void* from, sf_count_t count, void* user) {
    Sink& sink = of(user);
    sf_count_t done = 0;
    while (done < count) {
      const ssize_t wrote =
          ::write(sink.descriptor, static_cast<const char*>(from) + done, static_cast<std::size_t>(count - done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) {
        if (sink.error == 0) sink.error = wrote < 0 ? errno : ENOSPC;
        break;
      }
      done += wrote;
    }
    return done;
  }
  static sf_count_t tell(void* user) { return ::lseek(of(user).descriptor, 0, SEEK_CUR); }
};

bool is_wav(int code) {
  const int major = code & SF_FORMAT_TYPEMASK;
  return major == SF_FORMAT_WAV || major == SF_FORMAT_WAVEX || major == SF_FORMAT_RF64;
}

}  // namespace

struct Writer::Impl {
  std::string name;
  StreamFormat format;
  std::optional<AtomicFile> atomic;  // none on standard output
  Sink sink;
  SNDFILE* file = nullptr;
  std::optional<ForeignEncoder> encoder;
  std::optional<Pcm> pcm;  // samples as they come: a WAV stream without seeking, or an encoder's
  int bits = 0;
  std::vector<std::size_t> channel_order;  // from the sound's to the file's, where that has another
  std::vector<double> reordered;
  std::vector<int> integers;
  std::vector<unsigned char> bytes;
  std::uint64_t frames = 0;
  std::uint64_t clipped = 0;

  ~Impl() {
    if (file != nullptr) ::sf_close(file);
  }

  void check_sink() {
    if (sink.error == 0) return;
    if (sink.error == EPIPE && encoder) encoder->finish();  // throws why
    if (sink.error == EPIPE) {
      throw Error(ExitCode::kOutput, "{}: the program that reads it has gone away.", name);
    }
    throw Error(ExitCode::kOutput, "{}: cannot be written: {}; free some space or choose another folder.", name,
                std::strerror(sink.error));
  }

  void put(const void* data, std::size_t count) {
    Sink::write(data, static_cast<sf_count_t>(count), &sink);
    check_sink();
  }

  WavHeader header(std::optional<std::uint64_t> frame_count) const {
    WavHeader wav{*pcm, format.rate_hz, format.channels, std::nullopt, speaker_mask(format.channel_map)};
    if (frame_count) wav.data_bytes = *frame_count * bytes_per_sample(*pcm) * static_cast<unsigned>(format.channels);
    return wav;
  }

  void open_stream() {
    pcm = plain_pcm(format.code);
    const int major = format.code & SF_FORMAT_TYPEMASK;
    if (!pcm || (major != SF_FORMAT_WAV && major != SF_FORMAT_WAVEX)) {
      throw Error(ExitCode::kOutput, "{}: is not a file that can be rewound, which {} needs; use - for WAV.", name,
                  describe(format));
    }
    std::optional<std::uint64_t> known;
    if (format.frames >= 0) known = static_cast<std::uint64_t>(format.frames);
    const std::string start = make_wav_header(header(known));
    put(start.data(), start.size());
  }

  void open_encoder(const ForeignKind& kind) {
    pcm = plain_pcm(format.code);
    const ForeignCoding coding = foreign_coding(kind, format);
    encoder.emplace(
        kind,
        ForeignEncoder::Sound{coding, format.rate_hz, format.channels, foreign_speakers(coding, format), format.tags},
        atomic->descriptor(), format.origin, name);
    sink.descriptor = encoder->pipe();
  }

  void check_size(std::uint64_t count) const {
    if (!outgrows(format, count)) return;
    throw Error(ExitCode::kOutput,
                "{}: {} samples are more than the 4 GiB that a file of this kind can hold; name an output that ends in "
                ".flac, .w64, .rf64 or .caf.",
                name, count);
  }

  void open_file() {
    if (format.frames > 0) check_size(static_cast<std::uint64_t>(format.frames));
    SF_VIRTUAL_IO io{Sink::length, Sink::seek, Sink::read, Sink::write, Sink::tell};
    SF_INFO info{};
    info.samplerate = format.rate_hz;
    info.channels = format.channels;
    info.format = format.code;
    std::string reason;
    file = open_for_writing(io, info, &sink, &reason);
    check_sink();
    if (file == nullptr) {
      throw Error(ExitCode::kOutput, "{}: {} cannot be written ({}); name an output that ends in .wav or .flac.", name,
                  describe(format), reason);
    }
    set_lossy_quality();
    ::sf_command(file, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it holds the time of day: no two runs alike
    ::sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
    for (const auto& [tag, text] : format.tags) {
      if (tag != SF_STR_SOFTWARE) ::sf_set_string(file, tag, text.c_str());
    }
    if (!format.broadcast.empty() && is_wav(format.code)) {
      std::vector<unsigned char> broadcast = format.broadcast;
      ::sf_command(file, SFC_SET_BROADCAST_INFO, broadcast.data(), static_cast<int>(broadcast.size()));
    }
    if (is_wav(format.code)) put_chunks();
    if (format.channel_map.size() == static_cast<std::size_t>(format.channels)) {
      ::sf_command(file, SFC_SET_CHANNEL_MAP_INFO, format.channel_map.data(),
                   static_cast<int>(format.channel_map.size() * sizeof(int)));
    }
  }

  void put_chunks() {
    for (WavChunk& chunk : format.chunks) {
      SF_CHUNK_INFO info{};
      std::memcpy(info.id, chunk.id.data(), std::min(chunk.id.size(), sizeof(info.id)));
      info.id_size = static_cast<unsigned>(chunk.id.size());
      info.datalen = static_cast<unsigned>(chunk.data.size());
      info.data = chunk.data.data();
      ::sf_set_chunk(file, &info);
    }
  }

  // What was coded once is coded again here: well enough for the second time to be hard to hear.
  void set_lossy_quality() {
    double level = 0;  // 0: best and largest, 1: smallest
    switch (format.code & SF_FORMAT_SUBMASK) {
      case SF_FORMAT_VORBIS:
        level = 0.3;  // quality 7
        break;
      case SF_FORMAT_OPUS:
        level = 0.64;  // 96 kbit/s a channel
        break;
      case SF_FORMAT_MPEG_LAYER_III: {
        int mode = SF_BITRATE_MODE_VARIABLE;
        ::sf_command(file, SFC_SET_BITRATE_MODE, &mode, sizeof(mode));
        level = 0.2;  // LAME's V2
        break;
      }
      default:
        return;
    }
    ::sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level));
  }

  void write(std::span<const double> samples) {
    if (!channel_order.empty()) {
      reordered.resize(samples.size());
      reorder_channels(channel_order, samples, reordered.data());
      samples = reordered;
    }
    const std::size_t count = samples.size();
    frames += count / static_cast<std::size_t>(format.channels);
    if (pcm) {
      bytes.resize(count * bytes_per_sample(*pcm));
      clipped += encode_pcm(*pcm, samples, bytes.data());
      put(bytes.data(), bytes.size());
      return;
    }
    check_size(frames);
    sf_count_t wrote = 0;
    if (bits > 0) {
      // libsndfile scales floats by 2^15 - 1 but integers by 2^15: integers keep what was read.
      integers.resize(count);
      const double scale = std::ldexp(1.0, bits - 1);
      for (std::size_t i = 0; i < count; ++i) {
        const double rounded = std::nearbyint(samples[i] * scale);
        const double value = std::clamp(rounded, -scale, scale - 1);
        if (value != rounded) ++clipped;
        integers[i] = static_cast<int>(static_cast<std::int64_t>(value) * (std::int64_t{1} << (32 - bits)));
      }
      wrote = ::sf_write_int(file, integers.data(), static_cast<sf_count_t>(count));
    } else {
      wrote = ::sf_write_double(file, samples.data(), static_cast<sf_count_t>(count));
    }
    check_sink();
    if (wrote != static_cast<sf_count_t>(count)) {
      throw Error(ExitCode::kOutput, "{}: cannot be written: {}.", name, ::sf_strerror(file));
    }
  }

  void close() {
    if (file != nullptr) {
      const int error = ::sf_close(file);
      file = nullptr;
      check_sink();
      if (error != 0) throw Error(ExitCode::kOutput, "{}: cannot be completed: {}.", name, ::sf_error_number(error));
    } else if (encoder) {
      encoder->finish();
    } else if (pcm) {
      close_stream();
    }
    if (atomic) atomic->commit();
  }

  // Where standard output is a file after all, the header can still be told the length.
  void close_stream() {
    const std::string known = make_wav_header(header(frames));
    const std::uint64_t data_bytes = *header(frames).data_bytes;
    struct stat status {};
    const bool was_known = format.frames >= 0 && static_cast<std::uint64_t>(format.frames) == frames;
    const bool rewrite = !was_known && ::fstat(sink.descriptor, &status) == 0 && S_ISREG(status.st_mode);
    // RIFF pads to even sizes; without a size the byte would be taken for a sample.
    if (data_bytes % 2 == 1 && (was_known || rewrite)) put("", 1);
    if (!rewrite) return;
    const auto written = static_cast<off_t>(known.size() + data_bytes + data_bytes % 2);
    const off_t end = ::lseek(sink.descriptor, 0, SEEK_CUR);
    if (end < written) return;
    if (::pwrite(sink.descriptor, known.data(), known.size(), end - written) < 0) {
      sink.error = errno;
      check_sink();
    }
  }
};

Writer::Writer(const fs::path& target, const StreamFormat& format, AtomicFile::Existing existing)
    : impl_(std::make_unique<Impl>()) {
  Impl& state = *impl_;
  state.name = target == "-" ? "standard output" : target.string();
  state.format = format;
  state.bits = integer_bits(format.code);
  state.channel_order = order_for_writing(format);
  // In the order that it is written in; Vorbis' has a number for all of them.
  if (!state.channel_order.empty()) state.format.channel_map = channel_map_of(sound_mask(format));
  if (target == "-") {
    state.sink.descriptor = STDOUT_FILENO;
    state.open_stream();
    return;
  }
  state.atomic.emplace(target, existing);
  state.sink.descriptor = state.atomic->descriptor();
  struct stat status {};
  if (::fstat(state.sink.descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    if ((format.code & SF_FORMAT_TYPEMASK) == SF_FORMAT_RAW) {
      state.open_encoder(*foreign_kind(target));
    } else {
      state.open_file();
    }
  } else {
    state.open_stream();
  }
}

Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::write(std::span<const double> interleaved) { impl_->write(interleaved); }
void Writer::close() { impl_->close(); }
std::uint64_t Writer::clipped_samples() const { return impl_->clipped; }

}  // namespace pellucid::audio
