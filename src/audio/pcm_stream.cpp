#include "audio/pcm_stream.hpp"

#include <sndfile.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace pellucid::audio {
namespace {

constexpr std::uint32_t kUnknownSize = 0xFFFFFFFFu;
constexpr std::size_t kLargestSkip = 64u << 20, kPieceBytes = 64u << 10;

constexpr int kFormatPcm = 1, kFormatFloat = 3, kFormatExtensible = 0xFFFE;

std::uint32_t little_endian(const unsigned char* at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes; i > 0; --i) value = (value << 8) | at[i - 1];
  return value;
}

/// What writers to pipes put there when they do not know better: 0x7FFFF000 and a little more (SoX), 0xFFFFFFFF or a
/// little less (ffmpeg).
bool says_nothing(std::uint64_t data_bytes) {
  return data_bytes >= 0xFFFFF000u || (data_bytes >= 0x7FFFF000u && data_bytes <= 0x7FFFFFFFu);
}

int bits_of(Pcm pcm) { return static_cast<int>(8 * bytes_per_sample(pcm)); }

bool is_float(Pcm pcm) { return pcm == Pcm::kF32 || pcm == Pcm::kF64; }

std::optional<Pcm> find_pcm(std::uint32_t tag, std::uint32_t bits) {
  if (tag == kFormatFloat) {
    if (bits == 32) return Pcm::kF32;
    if (bits == 64) return Pcm::kF64;
  } else if (tag == kFormatPcm) {
    if (bits == 8) return Pcm::kU8;
    if (bits == 16) return Pcm::kS16;
    if (bits == 24) return Pcm::kS24;
    if (bits == 32) return Pcm::kS32;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Pcm> plain_pcm(int code) {
  switch (code & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_U8:
      return Pcm::kU8;
    case SF_FORMAT_PCM_16:
      return Pcm::kS16;
    case SF_FORMAT_PCM_24:
      return Pcm::kS24;
    case SF_FORMAT_PCM_32:
      return Pcm::kS32;
    case SF_FORMAT_FLOAT:
      return Pcm::kF32;
    case SF_FORMAT_DOUBLE:
      return Pcm::kF64;
    default:
      return std::nullopt;
  }
}

std::size_t bytes_per_sample(Pcm pcm) {
  switch (pcm) {
    case Pcm::kU8:
      return 1;
    case Pcm::kS16:
      return 2;
    case Pcm::kS24:
      return 3;
    case Pcm::kS32:
    case Pcm::kF32:
      return 4;
    case Pcm::kF64:
      return 8;
  }
  return 0;
}

void decode_pcm(Pcm pcm, std::span<const unsigned char> bytes, double* samples) {
  const std::size_t size = bytes_per_sample(pcm);
  const std::size_t count = bytes.size() / size;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned char* at = bytes.data() + i * size;
    if (pcm == Pcm::kU8) {
      samples[i] = (static_cast<int>(*at) - 128) / 128.0;
    } else if (pcm == Pcm::kF64) {
      std::memcpy(&samples[i], at, size);
    } else if (pcm == Pcm::kF32) {
      float value;
      std::memcpy(&value, at, size);
      samples[i] = static_cast<double>(value);
    } else {
      const std::uint32_t left = little_endian(at, size) << (32 - 8 * size);
      samples[i] = static_cast<double>(static_cast<std::int32_t>(left)) * 0x1p-31;
    }
  }
}

std::uint64_t encode_pcm(Pcm pcm, std::span<const double> samples, unsigned char* bytes) {
  const std::size_t size = bytes_per_sample(pcm);
  const double scale = std::ldexp(1.0, bits_of(pcm) - 1);
  std::uint64_t clipped = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    unsigned char* at = bytes + i * size;
    if (pcm == Pcm::kF64) {
      std::memcpy(at, &samples[i], size);
    } else if (pcm == Pcm::kF32) {
      const auto value = static_cast<float>(samples[i]);
      std::memcpy(at, &value, size);
    } else {
      const double rounded = std::nearbyint(samples[i] * scale);
      const double value = std::clamp(rounded, -scale, scale - 1);
      if (value != rounded) ++clipped;
      auto word = static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
      if (pcm == Pcm::kU8) word += 128;
      for (std::size_t b = 0; b < size; ++b) at[b] = static_cast<unsigned char>(word >> (8 * b));
    }
  }
  return clipped;
}

WavKind parse_wav_header(const ByteSource& source, WavHeader& header, std::vector<unsigned char>& consumed) {
  // Appends n bytes of the stream to `consumed`; where they begin, or none at the end of the stream.
  const auto take = [&](std::size_t n) -> std::optional<std::size_t> {
    const std::size_t start = consumed.size();
    for (std::size_t left = n; left > 0;) {  // in pieces: a size that lies costs no memory
      const std::size_t at = consumed.size(), piece = std::min(left, kPieceBytes);
      consumed.resize(at + piece);
      const std::size_t got = source(consumed.data() + at, piece);
      consumed.resize(at + got);
      if (got < piece) return std::nullopt;
      left -= piece;
    }
    return start;
  };
  const auto is = [&](std::size_t at, const char* id) { return std::memcmp(consumed.data() + at, id, 4) == 0; };

  if (!take(12) || !is(0, "RIFF") || !is(8, "WAVE")) return WavKind::kOther;
  std::optional<Pcm> pcm;
  bool have_format = false;
  for (;;) {
    const auto chunk = take(8);
    if (!chunk) return WavKind::kDamaged;
    const std::uint32_t size = little_endian(consumed.data() + *chunk + 4, 4);
    if (is(*chunk, "data")) {
      if (!have_format) return WavKind::kDamaged;
      if (!pcm) return WavKind::kOther;
      header.pcm = *pcm;
      // A size of 0 is what a recorder that could not come back to its header leaves.
      header.data_bytes.reset();
      if (size != 0 && !says_nothing(size)) header.data_bytes = size;
      return WavKind::kPlain;
    }
    if (size > kLargestSkip) return WavKind::kDamaged;
    const auto body = take(size + (size & 1));
    if (!body) return WavKind::kDamaged;
    if (!is(*chunk, "fmt ")) continue;
    if (size < 16) return WavKind::kDamaged;
    const unsigned char* format = consumed.data() + *body;
    std::uint32_t tag = little_endian(format, 2);
    const std::uint32_t channels = little_endian(format + 2, 2), rate_hz = little_endian(format + 4, 4);
    const std::uint32_t frame_bytes = little_endian(format + 12, 2), bits = little_endian(format + 14, 2);
    header.speaker_mask = 0;
    if (tag == kFormatExtensible && size >= 40) {
      tag = little_endian(format + 24, 2);
      const std::uint32_t mask = little_endian(format + 20, 4);
      if (static_cast<std::uint32_t>(std::popcount(mask)) == channels) header.speaker_mask = mask;
    }
    pcm = find_pcm(tag, bits);
    if (channels == 0 || rate_hz == 0 || rate_hz > 0x7FFFFFFFu) return WavKind::kDamaged;
    if (pcm && frame_bytes != channels * bytes_per_sample(*pcm)) return WavKind::kDamaged;
    header.channels = static_cast<int>(channels);
    header.rate_hz = static_cast<int>(rate_hz);
    have_format = true;
  }
}

std::string make_wav_header(const WavHeader& header) {
  std::string out;
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int b = 0; b < bytes; ++b) out += static_cast<char>(static_cast<unsigned char>(value >> (8 * b)));
  };
  const bool extensible = header.channels > 2 || (!is_float(header.pcm) && bits_of(header.pcm) > 16);
  const std::uint32_t format_bytes = extensible ? 40 : 16;
  const std::uint32_t header_bytes = 4 + 8 + format_bytes + 8;
  const auto frame_bytes =
      static_cast<std::uint32_t>(header.channels) * static_cast<std::uint32_t>(bits_of(header.pcm) / 8);
  const bool known =
      header.data_bytes && *header.data_bytes < kUnknownSize - header_bytes && !says_nothing(*header.data_bytes);
  const auto data_bytes = known ? static_cast<std::uint32_t>(*header.data_bytes) : kUnknownSize;
  const std::uint32_t tag = is_float(header.pcm) ? kFormatFloat : kFormatPcm;
  out += "RIFF";
  put(known ? header_bytes + data_bytes + (data_bytes & 1) : kUnknownSize, 4);
  out += "WAVEfmt ";
  put(format_bytes, 4);
  put(extensible ? kFormatExtensible : tag, 2);
  put(static_cast<std::uint32_t>(header.channels), 2);
  put(static_cast<std::uint32_t>(header.rate_hz), 4);
  put(static_cast<std::uint32_t>(header.rate_hz) * frame_bytes, 4);
  put(frame_bytes, 2);
  put(static_cast<std::uint32_t>(bits_of(header.pcm)), 2);
  if (extensible) {
    put(22, 2);
    put(static_cast<std::uint32_t>(bits_of(header.pcm)), 2);
    put(header.speaker_mask, 4);
    put(tag, 2);
    out.append("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14);  // the rest of KSDATAFORMAT_SUBTYPE_*
  }
  out += "data";
  put(data_bytes, 4);
  return out;
}

}  // namespace pellucid::audio
