#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "audio/foreign.hpp"
#include "audio/layout.hpp"
#include "audio/mpeg.hpp"
#include "audio/open_sound.hpp"
#include "audio/pcm_stream.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/spill.hpp"

namespace pellucid::audio {
namespace fs = std::filesystem;
namespace {

// What is said of a file: its name, and "standard input" for "-".
std::string display_name(const fs::path& path) { return path == "-" ? "standard input" : path.string(); }

std::size_t read_fully(int descriptor, unsigned char* bytes, std::size_t count, const std::string& name) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = read_or_stop(descriptor, bytes + done, count - done);
    if (got < 0) throw Error(ExitCode::kInput, "{}: cannot be read: {}.", name, std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

// libsndfile's log has "data : 30011 (should be 17989)" where a chunk states more than the file has.
bool log_states_shortfall(const std::string& log) {
  struct Line {
    const char* chunk;
    unsigned long long sentinel;  // sizes from here on are what a writer puts that does not know better
  };
  constexpr unsigned long long kNone = std::numeric_limits<unsigned long long>::max();
  static constexpr std::array<Line, 5> kLines{
      {{"SSND", 0x7FFFF000}, {"Data Size", 0x7FFFF000}, {"data", 0x7FFFF000}, {"riff", kNone}, {"Riff size", kNone}}};
  for (std::size_t at = log.find("(should be "); at != std::string::npos; at = log.find("(should be ", at + 1)) {
    const std::size_t newline = log.rfind('\n', at);
    const std::size_t line = log.find_first_not_of(" *", newline == std::string::npos ? 0 : newline + 1);
    const std::size_t colon = log.find(':', line);
    if (colon == std::string::npos || colon > at) continue;
    const unsigned long long stated = std::strtoull(log.c_str() + colon + 1, nullptr, 10);
    const unsigned long long found = std::strtoull(log.c_str() + at + std::strlen("(should be "), nullptr, 10);
    const bool short_of = std::any_of(kLines.begin(), kLines.end(), [&](const Line& known) {
      return log.compare(line, std::strlen(known.chunk), known.chunk) == 0 && found < stated && stated < known.sentinel;
    });
    if (short_of) return true;
  }
  return false;
}

// The same by our own hands for plain WAV, since that log is cut after 2 kB and long chunks may come before the
// samples: how many frames it states, where there are fewer.
std::optional<std::int64_t> wav_shortfall(const fs::path& path, std::uintmax_t file_bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return std::nullopt;
  const auto source = [&](unsigned char* at, std::size_t count) { return std::fread(at, 1, count, file.get()); };
  WavHeader header;
  std::vector<unsigned char> consumed;
  const bool plain = parse_wav_header(source, header, consumed) == WavKind::kPlain;
  if (!plain || !header.data_bytes || *header.data_bytes <= file_bytes - consumed.size()) return std::nullopt;
  const std::size_t frame_bytes = bytes_per_sample(header.pcm) * static_cast<std::size_t>(header.channels);
  return static_cast<std::int64_t>(*header.data_bytes / frame_bytes);
}

// What a WAV holds of the kinds that stay true of another sound of the same length. More than kMost does not fit into
// what libsndfile writes before the samples.
std::vector<WavChunk> wav_chunks(SNDFILE* file) {
  constexpr std::size_t kMost = 64u << 10;
  std::vector<WavChunk> chunks;
  std::size_t bytes = 0;
  for (const std::string id : {"cue ", "LIST", "iXML"}) {
    SF_CHUNK_INFO wanted{};
    std::memcpy(wanted.id, id.data(), id.size());
    wanted.id_size = static_cast<unsigned>(id.size());
    for (SF_CHUNK_ITERATOR* at = ::sf_get_chunk_iterator(file, &wanted); at != nullptr;
         at = ::sf_next_chunk_iterator(at)) {
      SF_CHUNK_INFO info{};
      if (::sf_get_chunk_size(at, &info) != SF_ERR_NO_ERROR || info.datalen > kMost - bytes) continue;
      WavChunk chunk{id, std::vector<unsigned char>(info.datalen)};
      info.data = chunk.data.data();
      if (::sf_get_chunk_data(at, &info) != SF_ERR_NO_ERROR) continue;
      const bool labels = chunk.data.size() > 4 && std::memcmp(chunk.data.data(), "adtl", 4) == 0;
      if (id == "LIST" && !labels) continue;  // tags, which libsndfile writes
      bytes += info.datalen;
      chunks.push_back(std::move(chunk));
    }
  }
  return chunks;
}

// libsndfile's way to a file. It takes a read that fails for the end, which the source remembers.
SNDFILE* open_source(MpegSource& source, SF_INFO& info, std::string* reason) {
  static const auto of = [](void* user) { return static_cast<MpegSource*>(user); };
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) -> sf_count_t { return of(user)->size(); };
  io.tell = [](void* user) -> sf_count_t { return of(user)->position(); };
  io.read = [](void* to, sf_count_t count, void* user) {
    return static_cast<sf_count_t>(of(user)->read(static_cast<unsigned char*>(to), static_cast<std::size_t>(count)));
  };
  io.seek = [](sf_count_t offset, int whence, void* user) -> sf_count_t {
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? of(user)->position() : of(user)->size();
    of(user)->seek(std::max<sf_count_t>(0, base + offset));
    return of(user)->position();
  };
  info = {};
  return open_for_reading(io, info, &source, reason);
}

}  // namespace

struct Reader::Impl {
  fs::path path;
  std::string name;
  Damage damage = Damage::kRefuse;
  std::optional<Shortfall> shortfall;
  StreamFormat format;
  std::unique_ptr<MpegSource> source;  // outlives `file`
  SNDFILE* file = nullptr;
  std::vector<double> head;                // samples before those that `file` gives
  std::vector<std::size_t> channel_order;  // into WAV's, where the file has another
  std::vector<double> as_stored;
  bool stops_early = false;  // before what a coder padded its last block with
  bool exact_length = true;  // an MP3 file without a tag ends where it ends
  int descriptor = -1;       // of what is read as it comes
  bool close_descriptor = false;
  std::optional<Pcm> pcm;        // a WAV stream that is read as it comes
  std::int64_t first_byte = -1;  // of its samples, where it is a file
  std::vector<unsigned char> bytes;
  std::vector<double> block;
  std::int64_t position = 0;
  std::uint64_t repaired = 0;

  ~Impl() {
    if (file != nullptr) ::sf_close(file);
    if (close_descriptor && descriptor >= 0) ::close(descriptor);
  }

  [[noreturn]] void fail_read(int error) const {
    throw Error(ExitCode::kInput, "{}: cannot be read: {}; check the disk and get a whole copy.", name,
                std::strerror(error));
  }

  void check_source() const {
    if (source && source->error() != 0) fail_read(source->error());
  }

  // Ends before its length, or what is left of it cannot be decoded.
  void end_early() {
    if (damage == Damage::kRefuse) {
      throw CutShort(fmt::format("{}: is cut short or damaged: it promises {} samples and ends after {}", name,
                                 format.frames, position));
    }
    if (!shortfall) shortfall = Shortfall{format.frames};
  }

  void fall_short(std::int64_t stated_frames) {
    if (damage == Damage::kRefuse) {
      throw CutShort(fmt::format("{}: is cut short: its header promises more than the file holds", name));
    }
    if (!shortfall || stated_frames >= 0) shortfall = Shortfall{stated_frames};
  }

  void check_limits() const {
    if (format.channels < 1 || format.channels > kMaxChannels) {
      throw Error(ExitCode::kAudio, "{}: has {} channels; 1 to {} are supported.", name, format.channels, kMaxChannels);
    }
    if (format.rate_hz < kMinRateHz || format.rate_hz > kMaxRateHz) {
      throw Error(ExitCode::kAudio, "{}: has a sample rate of {} Hz; {} to {} are supported.", name, format.rate_hz,
                  kMinRateHz, kMaxRateHz);
    }
    if (format.frames == 0) {
      throw Error(ExitCode::kAudio, "{}: holds no sound (0 samples); record or export it again.", name);
    }
  }

  void adopt(SNDFILE* opened, const SF_INFO& info) {
    file = opened;
    format.rate_hz = info.samplerate;
    format.channels = info.channels;
    format.code = info.format;
    format.frames = info.frames;
    for (int tag = SF_STR_FIRST; tag <= SF_STR_LAST; ++tag) {
      const char* text = ::sf_get_string(file, tag);
      if (text != nullptr && *text != '\0') format.tags[tag] = text;
    }
    SF_BROADCAST_INFO broadcast{};
    if (::sf_command(file, SFC_GET_BROADCAST_INFO, &broadcast, sizeof(broadcast)) == SF_TRUE) {
      constexpr auto kMost = static_cast<std::uint32_t>(sizeof(broadcast.coding_history));
      broadcast.coding_history_size = std::min(broadcast.coding_history_size, kMost);  // what was read of it
      const auto* bytes_of = reinterpret_cast<const unsigned char*>(&broadcast);
      format.broadcast.assign(bytes_of, bytes_of + sizeof(broadcast));
    }
    const int major = info.format & SF_FORMAT_TYPEMASK;
    if (major == SF_FORMAT_WAV || major == SF_FORMAT_WAVEX || major == SF_FORMAT_RF64) format.chunks = wav_chunks(file);
    std::vector<int> map(static_cast<std::size_t>(std::max(info.channels, 0)));
    const int map_bytes = static_cast<int>(map.size() * sizeof(int));
    if (::sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map.data(), map_bytes) != 0) format.channel_map = std::move(map);
    channel_order = order_for_reading(format);
    if (has_vorbis_order(format)) format.channel_map = channel_map_of(usual_speaker_mask(format.channels));
    std::string log(8192, '\0');
    log.resize(static_cast<std::size_t>(
        std::max(0, ::sf_command(file, SFC_GET_LOG_INFO, log.data(), static_cast<int>(log.size())))));
    // No end page of an Ogg stream leaves its length open.
    const bool no_end = info.frames >= std::numeric_limits<std::int64_t>::max() / 2 || info.frames < 0;
    if (no_end) format.frames = -1;
    if (no_end || log_states_shortfall(log)) fall_short(-1);
    check_limits();
  }

  [[noreturn]] void fail_open(const std::string& reason) const {
    throw Error(ExitCode::kAudio,
                "{}: is not sound that can be read ({}); WAV, FLAC, Ogg, Opus, MP3, AIFF, M4A and films can; of others "
                "`ffmpeg -i IN OUT.wav` may make one.",
                name, reason);
  }

  // A decoder that finds a tag drops the first samples (529, its own delay) as if an encoder had put them there; one
  // that finds none does not, but stops too early. So the first samples come from the one and the rest from the other.
  SNDFILE* open_mended(int from, const MpegScan& scan, SF_INFO& info, std::string* reason) {
    exact_length = false;
    MpegSource bare(::dup(from), scan, false);
    source = std::make_unique<MpegSource>(::dup(from), scan, true);
    SNDFILE* opened = open_source(*source, info, reason);
    if (opened == nullptr) return nullptr;
    const sf_count_t dropped = scan.frames * scan.samples_per_frame - info.frames;
    SF_INFO bare_info{};
    SNDFILE* start = open_source(bare, bare_info, reason);
    if (start != nullptr && dropped > 0 && dropped < 4096 && bare_info.channels == info.channels) {
      head.resize(static_cast<std::size_t>(dropped * info.channels));
      const sf_count_t got = std::max<sf_count_t>(0, ::sf_readf_double(start, head.data(), dropped));
      head.resize(static_cast<std::size_t>(got * info.channels));
      info.frames += got;
    }
    if (start != nullptr) ::sf_close(start);
    return opened;
  }

  // Takes over the descriptor. `decoded`: it is what ffmpeg made of another.
  void open_seekable(int from, bool decoded = false) {
    source = std::make_unique<MpegSource>(from, MpegScan{}, false);
    SF_INFO info{};
    std::string reason;
    SNDFILE* opened = open_source(*source, info, &reason);
    if (opened != nullptr && (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG) {
      int error = 0;
      const auto scan = scan_mpeg(from, &error);
      if (error != 0) {
        ::sf_close(opened);
        fail_read(error);
      }
      if (scan && scan->needs_tag()) {
        ::sf_close(opened);
        opened = open_mended(from, *scan, info, &reason);
      }
    }
    file = opened;
    check_source();
    if (opened == nullptr && !decoded) {
      std::array<unsigned char, 12> start{};
      const ssize_t got = ::pread(from, start.data(), start.size(), 0);
      if (const char* container =
              foreign_container({start.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))})) {
        StreamFormat found;
        ForeignTrack track;
        open_seekable(decode_foreign(from, container, name, damage, &found, &track), true);
        if (found.origin.damaged) fall_short(stated_frames(track, format.rate_hz));
        const std::int64_t frames = frames_without_padding(format.frames, format.rate_hz, track, found.origin.coder);
        stops_early = frames < format.frames;
        format.frames = frames;
        format.code = found.code;  // what it is worth
        format.origin = found.origin;
        format.origin.container = container;
        return;
      }
    }
    if (opened == nullptr) fail_open(reason);
    if (info.frames == 0 && adopt_unclosed(from)) return;
    adopt(opened, info);
  }

  // A WAV whose recorder never came back to the header, which states 0 bytes of samples; libsndfile believes that.
  // Where RIFF's own size is true, so is the 0.
  bool adopt_unclosed(int from) {
    struct stat status {};
    if (::fstat(from, &status) != 0 || ::lseek(from, 0, SEEK_SET) != 0) return false;
    const auto start = [&](unsigned char* at, std::size_t count) { return read_fully(from, at, count, name); };
    WavHeader header;
    std::vector<unsigned char> consumed;
    if (parse_wav_header(start, header, consumed) != WavKind::kPlain || header.data_bytes) return false;
    std::uint32_t riff_bytes = 0;
    std::memcpy(&riff_bytes, consumed.data() + 4, sizeof(riff_bytes));
    const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
    if (riff_bytes + std::uint64_t{8} == file_bytes) return false;
    header.data_bytes = file_bytes - consumed.size();
    descriptor = ::dup(from);
    close_descriptor = true;
    first_byte = static_cast<std::int64_t>(consumed.size());
    adopt_plain(header);
    return true;
  }

  // The bytes read so far and all that follow, in an unnamed file.
  void spool(const std::vector<unsigned char>& consumed) {
    UnnamedFile spooled(temporary_folder());
    spooled.write(consumed.data(), consumed.size());
    bytes.resize(1 << 16);
    while (const std::size_t got = read_fully(descriptor, bytes.data(), bytes.size(), name))
      spooled.write(bytes.data(), got);
    ::lseek(spooled.descriptor(), 0, SEEK_SET);
    open_seekable(::dup(spooled.descriptor()));
  }

  void open_pipe() {
    WavHeader header;
    std::vector<unsigned char> consumed;
    const auto pipe = [&](unsigned char* at, std::size_t count) { return read_fully(descriptor, at, count, name); };
    const WavKind kind = parse_wav_header(pipe, header, consumed);
    if (consumed.empty()) throw Error(ExitCode::kAudio, "{}: is empty (0 bytes); record or copy it again.", name);
    if (kind == WavKind::kDamaged) {
      throw Error(ExitCode::kAudio, "{}: is a damaged WAV stream: it ends or contradicts itself before its samples.",
                  name);
    }
    if (kind == WavKind::kOther) {
      spool(consumed);
      return;
    }
    adopt_plain(header);
  }

  // What is read as it comes, without libsndfile.
  void adopt_plain(const WavHeader& header) {
    static constexpr std::array<int, 6> kSubtypes{SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24,
                                                  SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE};
    pcm = header.pcm;
    format.rate_hz = header.rate_hz;
    format.channels = header.channels;
    format.code = SF_FORMAT_WAV | kSubtypes[static_cast<std::size_t>(header.pcm)];
    const std::size_t frame_bytes = bytes_per_sample(header.pcm) * static_cast<std::size_t>(header.channels);
    format.frames = header.data_bytes ? static_cast<std::int64_t>(*header.data_bytes / frame_bytes) : -1;
    std::vector<int> map = channel_map_of(header.speaker_mask);
    if (map.size() == static_cast<std::size_t>(format.channels)) format.channel_map = std::move(map);
    check_limits();
  }

  std::size_t read_pipe(std::span<double> out, std::size_t frames) {
    const auto channels = static_cast<std::size_t>(format.channels);
    if (format.frames >= 0) frames = std::min(frames, static_cast<std::size_t>(format.frames - position));
    const std::size_t frame_bytes = bytes_per_sample(*pcm) * channels;
    bytes.resize(frames * frame_bytes);
    const std::size_t got = read_fully(descriptor, bytes.data(), bytes.size(), name) / frame_bytes;
    decode_pcm(*pcm, {bytes.data(), got * frame_bytes}, out.data());
    return got;
  }

  std::size_t read_file(std::span<double> out, std::size_t frames) {
    const auto channels = static_cast<std::size_t>(format.channels);
    const std::size_t at = static_cast<std::size_t>(position) * channels;
    const std::size_t from_head = at < head.size() ? std::min(frames, (head.size() - at) / channels) : 0;
    if (from_head > 0) {
      std::copy_n(head.begin() + static_cast<std::ptrdiff_t>(at), from_head * channels, out.begin());
    }
    const auto left = static_cast<sf_count_t>(frames - from_head);
    const sf_count_t got = left > 0 ? ::sf_readf_double(file, out.data() + from_head * channels, left) : 0;
    return from_head + static_cast<std::size_t>(std::max<sf_count_t>(0, got));
  }

  std::size_t read(std::span<double> out) {
    const auto channels = static_cast<std::size_t>(format.channels);
    std::size_t frames = out.size() / channels;
    if (stops_early) frames = std::min(frames, static_cast<std::size_t>(format.frames - position));
    if (frames == 0) return 0;
    std::size_t got = 0;
    if (pcm) {
      got = read_pipe(out, frames);
    } else {
      got = read_file(out, frames);
      check_source();
    }
    if (!channel_order.empty()) {
      as_stored.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got * channels));
      reorder_channels(channel_order, as_stored, out.data());
    }
    position += static_cast<std::int64_t>(got);
    if (got < frames && exact_length && format.frames >= 0 && position < format.frames) end_early();
    if (got == 0 && position == 0) {
      throw Error(ExitCode::kAudio, "{}: holds no sound (0 samples); record or export it again.", name);
    }
    for (double& sample : out.first(got * channels)) {
      if (std::isfinite(static_cast<float>(sample))) continue;
      sample = 0;
      ++repaired;
    }
    return got;
  }
};

Reader::Reader(const fs::path& path, Damage damage) : impl_(std::make_unique<Impl>()) {
  Impl& state = *impl_;
  state.path = path;
  state.damage = damage;
  state.name = display_name(path);
  struct stat status {};
  if (path == "-") {
    state.descriptor = STDIN_FILENO;
    if (::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode) && ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0) {
      state.open_seekable(::dup(STDIN_FILENO));
    } else {
      state.open_pipe();
    }
    return;
  }
  if (::stat(path.c_str(), &status) != 0) {
    throw Error(ExitCode::kInput, "{}: cannot be opened: {}.", state.name, std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    throw Error(ExitCode::kInput, "{}: is a folder where a file is meant; name a file in it.", state.name);
  }
  // A named pipe that nobody writes to yet is waited for in read_or_stop, where Ctrl-C is heard.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw Error(ExitCode::kInput, "{}: cannot be opened: {}.", state.name, std::strerror(errno));
  if (S_ISREG(status.st_mode)) {
    if (status.st_size == 0) {
      ::close(descriptor);
      throw Error(ExitCode::kAudio, "{}: is empty (0 bytes); record or copy it again.", state.name);
    }
    state.open_seekable(descriptor);
    if (!state.format.origin.container.empty()) state.format.origin.file = path;
    if (const auto stated = wav_shortfall(path, static_cast<std::uintmax_t>(status.st_size))) state.fall_short(*stated);
    return;
  }
  state.descriptor = descriptor;
  state.close_descriptor = true;
  state.open_pipe();
}

Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

const StreamFormat& Reader::format() const { return impl_->format; }

bool Reader::seek(std::int64_t frame) {
  if (frame < 0 || frame > impl_->format.frames) return false;
  if (impl_->first_byte >= 0) {
    const auto frame_bytes = static_cast<std::int64_t>(bytes_per_sample(*impl_->pcm)) * impl_->format.channels;
    if (::lseek(impl_->descriptor, impl_->first_byte + frame * frame_bytes, SEEK_SET) < 0) return false;
    impl_->position = frame;
    return true;
  }
  if (impl_->pcm || impl_->file == nullptr) return false;
  const std::int64_t head_frames = static_cast<std::int64_t>(impl_->head.size()) / impl_->format.channels;
  const std::int64_t in_file = std::max<std::int64_t>(0, frame - head_frames);
  if (::sf_seek(impl_->file, in_file, SEEK_SET) != in_file) return false;
  impl_->position = frame;
  return true;
}

void Reader::rewind() {
  const bool decoded = !impl_->format.origin.container.empty();
  if (!decoded || !seek(0)) *this = Reader(impl_->path, impl_->damage);
  impl_->repaired = 0;
}

std::size_t Reader::read(std::span<double> interleaved) { return impl_->read(interleaved); }

std::size_t Reader::read(std::span<float> interleaved) {
  impl_->block.resize(interleaved.size());
  const std::size_t frames = impl_->read(impl_->block);
  const std::size_t count = frames * static_cast<std::size_t>(impl_->format.channels);
  std::transform(impl_->block.begin(), impl_->block.begin() + static_cast<std::ptrdiff_t>(count), interleaved.begin(),
                 [](double x) { return static_cast<float>(x); });
  return frames;
}

std::uint64_t Reader::repaired_samples() const { return impl_->repaired; }
std::optional<Shortfall> Reader::shortfall() const { return impl_->shortfall; }

}  // namespace pellucid::audio
