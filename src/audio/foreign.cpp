#include "audio/foreign.hpp"

#include <fcntl.h>
#include <sndfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <initializer_list>
#include <regex>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/child.hpp"
#include "audio/layout.hpp"
#include "support/interrupt.hpp"
#include "support/spill.hpp"

namespace pellucid::audio {
namespace {

// What ffmpeg said, of one line "[error] moov atom not found" from "[mov @ 0x55f3] [error] moov atom not found".
std::vector<std::string> lines_of(int said) {
  std::vector<std::string> lines;
  std::istringstream stream(said_text(said));
  for (std::string line; std::getline(stream, line);) {
    const std::size_t who = line.find(" @ 0x"), end = line.find("] ");
    if (line.starts_with('[') && who < end && end != std::string::npos) line.erase(0, end + 2);
    lines.push_back(line);
  }
  return lines;
}

// The first thing that ffmpeg found wrong; empty where all is well. With damage that it goes on after its exit code is
// 0.
std::string first_fault(int said) {
  for (std::string line : lines_of(said)) {
    for (const char* fault : {"[fatal] ", "[error] ", "[warning] Packet corrupt"}) {
      if (!line.starts_with(fault)) continue;
      line.erase(0, line.find("] ") + 2);
      return line.substr(0, line.find_last_not_of(". ") + 1);
    }
  }
  return {};
}

// Language, coder and sample format of the first sound track, from "[info]   Stream #0:1[0x2](eng): Audio: alac (alac /
// 0x63616C61), 48000 Hz, mono, s32p (24 bit)".
void describe_first_track(int said, StreamFormat* format) {
  static const std::regex track(R"(\[info\] +Stream #0:\d+(\[0x[0-9a-f]+\])?(\(([a-z]{3})\))?: Audio: ([a-z0-9_]+))");
  constexpr std::size_t kLongest = 80;  // a tag's text may be of any length
  std::smatch found;
  format->code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  for (const std::string& line : lines_of(said)) {
    const std::string start = line.substr(0, kLongest);
    if (!std::regex_search(start, found, track, std::regex_constants::match_continuous)) continue;
    format->origin.language = found[3];
    const std::string coder = format->origin.coder = found[4];
    if (coder.starts_with("pcm_f")) {
      format->code = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    } else if (coder.starts_with("pcm_s32")) {
      format->code = SF_FORMAT_WAV | SF_FORMAT_PCM_32;
    } else if (line.find(", s32") != std::string::npos) {
      format->code = SF_FORMAT_WAV | SF_FORMAT_PCM_24;
    }
    return;
  }
}

// ffmpeg's names of libsndfile's tags; SF_STR_SOFTWARE is its own.
constexpr std::array<std::pair<int, const char*>, 9> kTags{{{SF_STR_TITLE, "title"},
                                                            {SF_STR_COPYRIGHT, "copyright"},
                                                            {SF_STR_ARTIST, "artist"},
                                                            {SF_STR_COMMENT, "comment"},
                                                            {SF_STR_DATE, "date"},
                                                            {SF_STR_ALBUM, "album"},
                                                            {SF_STR_LICENSE, "license"},
                                                            {SF_STR_TRACKNUMBER, "track"},
                                                            {SF_STR_GENRE, "genre"}}};

const char* pipe_format(int subtype) {
  switch (subtype) {
    case SF_FORMAT_PCM_16:
      return "s16le";
    case SF_FORMAT_PCM_24:
      return "s24le";
    case SF_FORMAT_PCM_32:
      return "s32le";
    default:
      return "f32le";
  }
}

constexpr std::array kKinds{
    ForeignKind{".m4a", "ipod", "aac"},
    ForeignKind{".m4b", "ipod", "aac"},
    ForeignKind{".m4r", "ipod", "aac"},
    ForeignKind{".weba", "webm", "libopus"},
    ForeignKind{".mka", "matroska", "flac"},
    ForeignKind{".aac"},
    ForeignKind{".amr"},
    ForeignKind{".wma"},
    ForeignKind{".mp4", "mp4", "aac", true},
    ForeignKind{".mpeg4", "mp4", "aac", true},
    ForeignKind{".m4v", "mp4", "aac", true},
    ForeignKind{".f4v", "mp4", "aac", true},  // the muxer f4v forgets the delay of AAC
    ForeignKind{".mov", "mov", "aac", true},
    ForeignKind{".qt", "mov", "aac", true},
    ForeignKind{".3gp", "3gp", "aac", true},
    ForeignKind{".3g2", "3g2", "aac", true},
    ForeignKind{".mkv", "matroska", "flac", true},
    ForeignKind{".webm", "webm", "libopus", true},
    ForeignKind{".avi", "avi", "pcm_s16le", true},  // which tells nobody of an encoder's delay
    ForeignKind{.extension = ".wmv", .film = true},
    ForeignKind{.extension = ".asf", .film = true},
};
// Silence where the track begins late or has gaps; but a start within kNoPause is a coder's delay, rounded.
constexpr char kTiming[] = "asetpts='if(lt(STARTT,0.01),PTS-STARTPTS,PTS)',aresample=async=1:first_pts=0";
constexpr off_t kHeaderBytes = 256;     // at most, of a WAV in which nothing follows
constexpr int kBitsPerChannel = 96000;  // a second, of what was coded once and is coded again

std::vector<std::string> first_words(Damage damage) {
  std::vector<std::string> words{"ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"};
  if (damage == Damage::kRefuse) words.push_back("-xerror");
  return words;
}

std::string reason(const std::string& fault, int code) {
  return fault.empty() ? fmt::format("exit code {}", code) : fault;
}

}  // namespace

const char* foreign_container(std::span<const unsigned char> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const auto at = [&](std::size_t offset, std::string_view word) {
    return text.size() > offset && text.substr(offset).starts_with(word);
  };
  for (const char* atom : {"ftyp", "moov", "mdat", "wide"}) {
    if (at(4, atom)) return "mov";
  }
  if (at(0, "\x1A\x45\xDF\xA3")) return "matroska";
  if (at(0, "\x30\x26\xB2\x75")) return "asf";
  if (at(0, "#!AMR")) return "amr";
  if (at(0, "RIFF") && at(8, "AVI ")) return "avi";
  // ADTS: twelve bits of synchronisation, then layer 0.
  if (head.size() > 1 && head[0] == 0xFF && (head[1] & 0xF6) == 0xF0) return "aac";
  return nullptr;
}

const ForeignKind* foreign_kind(const std::filesystem::path& name) {
  const std::string extension = lower_extension(name);
  const auto at =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.extension == extension; });
  return at == kKinds.end() ? nullptr : &*at;
}

ForeignCoding foreign_coding(const ForeignKind& kind, const StreamFormat& format) {
  const std::string_view muxer = kind.muxer, was = format.origin.coder;
  const int subtype = format.code & SF_FORMAT_SUBMASK;
  const bool is_float = subtype == SF_FORMAT_FLOAT || subtype == SF_FORMAT_DOUBLE;
  const bool is_fine = is_float || subtype == SF_FORMAT_PCM_24 || subtype == SF_FORMAT_PCM_32;
  const int integers = is_fine ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16;
  const auto pcm = [](int samples) { return ForeignCoding{std::string("pcm_") + pipe_format(samples), samples}; };
  if (muxer == "mov" && was.starts_with("pcm_"))
    return pcm(is_float ? SF_FORMAT_FLOAT : subtype == SF_FORMAT_PCM_32 ? subtype : integers);
  if (muxer == "avi") return pcm(integers);
  const bool mpeg4 = muxer == "mov" || muxer == "mp4" || muxer == "ipod";
  if (mpeg4 && (was == "alac" || was == "flac")) return {"alac", integers};  // FLAC in MP4 is an experiment of ffmpeg's
  if (muxer == "matroska") return {"flac", integers};
  if (was == "vorbis" && muxer == "webm") return {"libvorbis", SF_FORMAT_FLOAT};
  return {kind.coder, SF_FORMAT_FLOAT};
}

std::uint32_t foreign_speakers(const ForeignCoding& coding, const StreamFormat& format) {
  static const std::vector<std::uint32_t> kAlac{0x7, 0x107, 0x37, 0x3F, 0x13F, 0xFF},
      kVorbis{0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F},
      kOpus{0x7, 0x33, 0x3F, 0x63F},  // 5.0 and 6.1 get mixed up by ffmpeg 5.1
      kAac{0x37, 0x3F};               // whose other layouts keep their places
  const std::uint32_t mask = sound_mask(format);
  if (coding.coder == "alac") return nearest_speaker_mask(mask, kAlac);
  if (coding.coder == "libopus") return nearest_speaker_mask(mask, kOpus);
  if (coding.coder == "libvorbis") return nearest_speaker_mask(mask, kVorbis);
  const std::uint32_t nearest = coding.coder == "aac" ? nearest_speaker_mask(mask, kAac) : 0;
  return nearest != 0 ? nearest : mask;
}

int decode_foreign(int descriptor, const char* container, const std::string& name, Damage damage, StreamFormat* format,
                   ForeignTrack* track) {
  UnnamedFile sound(temporary_folder());
  const int said = make_said();
  if (said < 0) sound.fail(errno);
  // The container is said, not guessed, and only plain files are opened: a file may name others, or addresses.
  // /dev/fd: ffmpeg has to seek in both.
  std::vector<std::string> words = first_words(damage);
  words.insert(words.end(), {"-protocol_whitelist", "file", "-f", container, "-i", "file:/dev/fd/0", "-map", "0:a:0"});
  words.insert(words.end(), {"-af", kTiming, "-c:a", "pcm_f32le"});
  words.insert(words.end(), {"-f", "wav", "-rf64", "auto", "-y", "file:/dev/fd/1"});
  const pid_t process = start_program(words, descriptor, sound.descriptor(), said);
  const int code = process < 0 ? 0 : wait_for_program(process);
  const std::string fault = first_fault(said);
  describe_first_track(said, format);
  const bool whole = code == 0 && fault.empty();
  format->origin.damaged =
      !whole && damage == Damage::kTakeTheRest && ::lseek(sound.descriptor(), 0, SEEK_END) > kHeaderBytes;
  if (process >= 0 && (whole || format->origin.damaged)) *track = probe_foreign(descriptor, container);
  format->origin.track_tags = track->tags;
  ::close(said);
  stop_if_interrupted();
  if (process < 0)
    throw NoFfmpeg(ExitCode::kAudio,
                   "{}: is read by the program ffmpeg, which is not there; install it (Debian: apt install ffmpeg), or "
                   "give a WAV.",
                   name);
  if (code == 128 + SIGKILL)
    throw NoFfmpeg(ExitCode::kAudio,
                   "{}: the program ffmpeg was killed while it read this, as the system does without free memory; run "
                   "the same command again.",
                   name);
  if (fault.find(std::strerror(ENOSPC)) != std::string::npos) sound.fail(ENOSPC);
  if (!whole && !format->origin.damaged)
    throw CutShort(
        fmt::format("{}: is cut short or damaged, or holds no sound: ffmpeg says '{}'", name, reason(fault, code)));
  return ::dup(sound.descriptor());
}

ForeignEncoder::ForeignEncoder(const ForeignKind& kind, const Sound& sound, int output, const ForeignOrigin& origin,
                               const std::string& name)
    : name_(name) {
  std::vector<std::string> words = first_words(origin.damaged ? Damage::kTakeTheRest : Damage::kRefuse);
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  add({"-protocol_whitelist", "file,pipe", "-f", pipe_format(sound.coding.subtype), "-ar",
       std::to_string(sound.rate_hz), "-ac", std::to_string(sound.channels)});
  // Of three channels ffmpeg would guess that the third is for a woofer.
  if (sound.channels > 2 && sound.speakers != 0) add({"-channel_layout", fmt::format("{:#x}", sound.speakers)});
  add({"-i", "pipe:0"});
  int film = -1;
  if (!origin.file.empty()) {
    film = ::open(origin.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (film < 0) throw Error(ExitCode::kInput, "{}: cannot be read: {}.", origin.file.string(), std::strerror(errno));
    add({"-protocol_whitelist", "file", "-f", origin.container, "-i", "file:/dev/fd/3", "-map_metadata", "1",
         "-map_chapters", "1", "-map", "1:v?"});
    // Of a sound file the cover; telemetry (data) fits into few containers, time code is written again from its tag.
    if (!kind.film) add({"-map", "-1:V?"});
  }
  for (const auto& [tag, name_of] : kTags) {
    const auto text = sound.tags.find(tag);
    if (film >= 0 || text == sound.tags.end() || text->second.size() > kLongestTag) continue;
    add({"-metadata", std::string(name_of) + "=" + text->second});
  }
  add({"-map", "0:a"});
  if (!origin.language.empty()) add({"-metadata:s:a:0", "language=" + origin.language});
  for (const auto& [tag, text] : origin.track_tags) add({"-metadata:s:a:0", tag + "=" + text});
  if (film >= 0 && kind.film) add({"-map", "1:a?", "-map", "-1:a:0", "-map", "1:s?", "-map", "1:t?"});
  add({"-c", "copy", "-c:a:0", sound.coding.coder, "-disposition:a:0", "default", "-f", kind.muxer});
  if (sound.coding.coder == "libvorbis") {  // at low rates it has no bit rate as high
    add({"-q:a:0", "7"});
  } else {
    add({"-b:a:0", std::to_string(kBitsPerChannel * std::min(sound.channels, 8))});
  }
  if (std::string_view(kind.coder) == "aac") add({"-movflags", "+faststart"});  // MP4 and its kin
  add({"-y", "file:/dev/fd/1"});
  int ends[2] = {-1, -1};
  said_ = make_said();
  const int failed = said_ < 0 || ::pipe2(ends, O_CLOEXEC) != 0 ? errno : 0;
  if (failed == 0) process_ = start_program(words, ends[0], output, said_, film);
  pipe_ = ends[1];
  for (const int used : {ends[0], film})
    if (used >= 0) ::close(used);
  if (process_ < 0) {
    stop();
    if (failed != 0) throw Error(ExitCode::kOutput, "{}: cannot be written: {}.", name, std::strerror(failed));
    throw Error(ExitCode::kOutput,
                "{}: is written by the program ffmpeg, which is not there; install it (Debian: apt install ffmpeg), or "
                "name an output that ends in .wav or .flac.",
                name);
  }
}

ForeignEncoder::~ForeignEncoder() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    wait_for_program(process_);
  }
  stop();
}

void ForeignEncoder::stop() {
  for (int* descriptor : {&pipe_, &said_}) {
    if (*descriptor >= 0) ::close(*descriptor);
    *descriptor = -1;
  }
}

void ForeignEncoder::finish() {
  ::close(std::exchange(pipe_, -1));
  const int code = wait_for_program(std::exchange(process_, -1));
  stop_if_interrupted();
  if (code != 0)
    throw Error(ExitCode::kOutput,
                "{}: cannot be written: ffmpeg says '{}'; name an output that ends in .wav or .flac.", name_,
                reason(first_fault(said_), code));
}

}  // namespace pellucid::audio
