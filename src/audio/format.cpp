#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

#include "audio/foreign.hpp"
#include "audio/layout.hpp"
#include "audio/pcm_stream.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"

namespace pellucid::audio {
namespace {

struct Container {
  int major;
  const char* name;
  std::array<const char*, 3> extensions;
};

constexpr std::array<Container, 10> kContainers{{
    {SF_FORMAT_WAV, "WAV", {".wav", ".wave", ""}},
    {SF_FORMAT_WAVEX, "WAV", {".wav", ".wave", ""}},
    {SF_FORMAT_FLAC, "FLAC", {".flac", "", ""}},
    {SF_FORMAT_OGG, "Ogg", {".ogg", ".oga", ".opus"}},
    {SF_FORMAT_MPEG, "MP3", {".mp3", "", ""}},
    {SF_FORMAT_AIFF, "AIFF", {".aif", ".aiff", ".aifc"}},
    {SF_FORMAT_AU, "AU", {".au", ".snd", ""}},
    {SF_FORMAT_CAF, "CAF", {".caf", "", ""}},
    {SF_FORMAT_W64, "Wave64", {".w64", "", ""}},
    {SF_FORMAT_RF64, "RF64", {".rf64", "", ""}},
}};

const Container* find_container(const std::string& extension) {
  if (extension.empty()) return nullptr;
  for (const Container& container : kContainers) {
    for (const char* candidate : container.extensions) {
      if (extension == candidate) return &container;
    }
  }
  return nullptr;
}

bool holds(int major, const std::string& extension) {
  for (const Container& container : kContainers) {
    if (container.major != major) continue;
    for (const char* candidate : container.extensions) {
      if (extension == candidate) return true;
    }
  }
  return false;
}

std::string format_name(int command, int code) {
  SF_FORMAT_INFO info{};
  info.format = code;
  if (::sf_command(nullptr, command, &info, sizeof(info)) != 0 || info.name == nullptr) return "unknown";
  return info.name;
}

bool opus_has(int rate_hz) {
  constexpr std::array<int, 5> kRates{8000, 12000, 16000, 24000, 48000};
  return std::find(kRates.begin(), kRates.end(), rate_hz) != kRates.end();
}

// ISO/IEC 14496-3, table of sampling frequencies.
bool aac_has(int rate_hz) {
  constexpr std::array<int, 13> kRates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                       22050, 16000, 12000, 11025, 8000,  7350};
  return std::find(kRates.begin(), kRates.end(), rate_hz) != kRates.end();
}

bool writable(int code, const StreamFormat& format) {
  const bool opus = (code & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG && (code & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS;
  if (opus && !opus_has(format.rate_hz)) return false;
  SF_INFO info{};
  info.format = code;
  info.samplerate = format.rate_hz;
  info.channels = format.channels;
  return ::sf_format_check(&info) != 0;
}

// Coders of whole blocks: a file of theirs cannot be as long as one likes.
bool is_block_coded(int subtype) {
  switch (subtype) {
    case SF_FORMAT_IMA_ADPCM:
    case SF_FORMAT_MS_ADPCM:
    case SF_FORMAT_GSM610:
    case SF_FORMAT_VOX_ADPCM:
    case SF_FORMAT_NMS_ADPCM_16:
    case SF_FORMAT_NMS_ADPCM_24:
    case SF_FORMAT_NMS_ADPCM_32:
    case SF_FORMAT_G721_32:
    case SF_FORMAT_G723_24:
    case SF_FORMAT_G723_40:
      return true;
    default:
      return false;
  }
}

// What a container can hold of what was there, best first.
std::vector<int> candidates(int subtype, const std::string& extension) {
  if (extension == ".opus") return {SF_FORMAT_OPUS};
  if (extension == ".mp3") return {SF_FORMAT_MPEG_LAYER_III};
  std::vector<int> list;
  // libsndfile believes that it can write MP3 into WAV, but cannot.
  const bool mpeg =
      subtype == SF_FORMAT_MPEG_LAYER_I || subtype == SF_FORMAT_MPEG_LAYER_II || subtype == SF_FORMAT_MPEG_LAYER_III;
  if (!mpeg) list.push_back(subtype);
  switch (subtype) {
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
      list.insert(list.end(), {SF_FORMAT_FLOAT, SF_FORMAT_PCM_24, SF_FORMAT_PCM_16});
      break;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_PCM_24:
      list.insert(list.end(), {SF_FORMAT_PCM_24, SF_FORMAT_PCM_16});
      break;
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_S8:
      list.insert(list.end(), {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_S8, SF_FORMAT_PCM_16});
      break;
    default:
      list.push_back(SF_FORMAT_PCM_16);
  }
  if (extension == ".ogg" || extension == ".oga") list.push_back(SF_FORMAT_VORBIS);
  return list;
}

// Of one frame, 0 where a coder decides.
std::uint64_t frame_bytes(const StreamFormat& format) {
  const auto channels = static_cast<std::uint64_t>(format.channels);
  if (const auto pcm = plain_pcm(format.code)) return bytes_per_sample(*pcm) * channels;
  const int subtype = format.code & SF_FORMAT_SUBMASK;
  const bool bytes = subtype == SF_FORMAT_PCM_S8 || subtype == SF_FORMAT_ULAW || subtype == SF_FORMAT_ALAW;
  return bytes ? channels : 0;
}

bool is_wav(int code) {
  const int major = code & SF_FORMAT_TYPEMASK;
  return major == SF_FORMAT_WAV || major == SF_FORMAT_WAVEX;
}

// WAV whose header says where its channels belong, where that is known and not what two channels are anyway.
StreamFormat placed(StreamFormat format) {
  StreamFormat extensible = format;
  extensible.code = (format.code & ~SF_FORMAT_TYPEMASK) | SF_FORMAT_WAVEX;
  const bool known = format.channels > 2 && speaker_mask(format.channel_map) != 0;
  return is_wav(format.code) && known && writable(extensible.code, extensible) ? extensible : format;
}

[[noreturn]] void refuse_speakers(const StreamFormat& format, const std::filesystem::path& target, const char* coder) {
  const std::uint32_t mask = sound_mask(format);
  throw Error(
      ExitCode::kOutput,
      "{}: would need {}, which {} has no layout for; name an output that ends in .wav, .mka or, for a film, .mkv.",
      target.string(),
      mask != 0 ? fmt::format("channels for {}", speaker_names(mask)) : fmt::format("{} channels", format.channels),
      coder);
}

// What is written to a file: in Vorbis' places, and WAV of the same samples with sizes of 64 bits, where it has to.
StreamFormat finished(StreamFormat format, const std::filesystem::path& target) {
  if (has_vorbis_order(format)) {
    const bool opus = (format.code & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS;
    const std::array<std::uint32_t, 1> held{usual_speaker_mask(format.channels)};
    if (nearest_speaker_mask(sound_mask(format), held) == 0) {
      refuse_speakers(format, target, opus ? "Opus" : "Ogg Vorbis");
    }
  }
  StreamFormat wide = format;
  wide.code = (format.code & ~SF_FORMAT_TYPEMASK) | SF_FORMAT_RF64;
  const bool long_wav =
      is_wav(format.code) && format.frames >= 0 && outgrows(format, static_cast<std::uint64_t>(format.frames));
  return long_wav && writable(wide.code, wide) ? wide : placed(format);
}

}  // namespace

bool outgrows(const StreamFormat& format, std::uint64_t frames) {
  constexpr std::uint64_t kMostBytes = 0xFFFFFFFF - (1u << 20);  // with room for what is not samples
  const std::uint64_t bytes = frame_bytes(format);
  const bool narrow = is_wav(format.code) || (format.code & SF_FORMAT_TYPEMASK) == SF_FORMAT_AIFF;
  return narrow && bytes > 0 && frames > kMostBytes / bytes;
}

std::string describe(const StreamFormat& format) {
  const int major = format.code & SF_FORMAT_TYPEMASK;
  std::string container = format_name(SFC_GET_FORMAT_INFO, major);
  for (const Container& known : kContainers) {
    if (known.major == major) container = known.name;
  }
  return fmt::format("{}, {}, {} Hz, {} channel{}", container,
                     format_name(SFC_GET_FORMAT_INFO, format.code & SF_FORMAT_SUBMASK), format.rate_hz, format.channels,
                     format.channels == 1 ? "" : "s");
}

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool has_sound_extension(const std::filesystem::path& path) {
  const ForeignKind* foreign = foreign_kind(path);
  return find_container(lower_extension(path)) != nullptr || (foreign != nullptr && !foreign->film);
}

bool has_foreign_extension(const std::filesystem::path& path) { return foreign_kind(path) != nullptr; }

bool has_film_extension(const std::filesystem::path& path) {
  const ForeignKind* foreign = foreign_kind(path);
  return foreign != nullptr && foreign->film;
}

bool has_foreign_content(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // a pipe gives its first bytes once
  std::ifstream file(path, std::ios::binary);
  std::array<char, 12> head{};
  file.read(head.data(), head.size());
  const auto* bytes = reinterpret_cast<const unsigned char*>(head.data());
  return foreign_container({bytes, static_cast<std::size_t>(file.gcount())}) != nullptr;
}

bool has_written_extension(const std::filesystem::path& path) {
  const ForeignKind* foreign = foreign_kind(path);
  return find_container(lower_extension(path)) != nullptr || (foreign != nullptr && foreign->muxer != nullptr);
}

StreamFormat output_format(const StreamFormat& input, const std::filesystem::path& target) {
  StreamFormat output = input;
  const int major = input.code & SF_FORMAT_TYPEMASK;
  int subtype = input.code & SF_FORMAT_SUBMASK;
  if (is_block_coded(subtype)) {
    subtype = SF_FORMAT_PCM_16;
    output.code = (input.code & ~SF_FORMAT_SUBMASK) | subtype;
  }
  const bool to_pipe = target == "-";
  const std::string extension = to_pipe ? ".wav" : lower_extension(target);
  if (const ForeignKind* foreign = foreign_kind(target); foreign != nullptr && foreign->muxer != nullptr) {
    const ForeignCoding coding = foreign_coding(*foreign, input);
    const bool aac = coding.coder == "aac", opus = coding.coder == "libopus";
    if ((aac && !aac_has(input.rate_hz)) || (opus && !opus_has(input.rate_hz))) {  // ffmpeg would take the nearest
      throw Error(ExitCode::kOutput,
                  "{}: {} files hold {}, which has no {} Hz; name an output that ends in .wav, .flac, .mka or, for a "
                  "film, .mkv.",
                  target.string(), extension, aac ? "AAC" : "Opus", input.rate_hz);
    }
    if (input.channels > 2 && (opus || coding.coder == "alac" || coding.coder == "libvorbis") &&
        foreign_speakers(coding, input) == 0) {
      refuse_speakers(input, target, coding.coder == "alac" ? "ALAC" : opus ? "Opus" : "Vorbis");
    }
    output.code = SF_FORMAT_RAW | coding.subtype;
    return output;
  }
  const Container* wanted = find_container(extension);
  const bool coded_otherwise = (extension == ".opus") != (subtype == SF_FORMAT_OPUS) && extension == ".opus";
  const bool same = wanted == nullptr || (holds(major, extension) && !coded_otherwise);
  if (same && !to_pipe) {
    if (writable(output.code, input)) return finished(output, target);
    throw Error(ExitCode::kOutput, "{}: {} cannot be written here; name an output that ends in .wav or .flac.",
                target.string(), describe(input));
  }
  if (to_pipe) {
    // Only what a reader can take without seeking.
    const bool plain = subtype == SF_FORMAT_PCM_U8 || subtype == SF_FORMAT_PCM_16 || subtype == SF_FORMAT_PCM_24 ||
                       subtype == SF_FORMAT_PCM_32 || subtype == SF_FORMAT_FLOAT || subtype == SF_FORMAT_DOUBLE;
    output.code = SF_FORMAT_WAV | (plain ? subtype : SF_FORMAT_PCM_16);
    return output;
  }
  for (const int candidate : candidates(subtype, extension)) {
    output.code = wanted->major | candidate;
    if (writable(output.code, input)) return finished(output, target);
  }
  throw Error(ExitCode::kOutput,
              "{}: {} cannot hold {} Hz with {} channels{}; name an output that ends in .wav or .flac.",
              target.string(), extension == ".opus" ? "Opus" : wanted->name, input.rate_hz, input.channels,
              extension == ".opus" ? " (only 8000, 12000, 16000, 24000 and 48000 Hz)" : "");
}

}  // namespace pellucid::audio
