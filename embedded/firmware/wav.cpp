#include "firmware/wav.hpp"

namespace pellucid::chip {
namespace {

// Every chip here is little-endian, as is the format; fields are read byte by byte all the same, for their alignment.
uint32_t u32(const uint8_t* p) {
  return p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 |
         static_cast<uint32_t>(p[3]) << 24;
}

uint32_t u16(const uint8_t* p) { return p[0] | static_cast<uint32_t>(p[1]) << 8; }

constexpr uint32_t kRiff = 0x46464952, kWave = 0x45564157, kFormat = 0x20746d66, kData = 0x61746164;

}  // namespace

const char* WavReader::open(const char* path, uint32_t sample_rate_hz) {
  file_ = open_to_read(path);
  if (file_ < 0) return "cannot be opened";
  const char* problem = read_header(sample_rate_hz);
  if (problem != nullptr) close();
  return problem;
}

bool WavReader::skip(uint32_t bytes) {
  uint8_t rest[32];
  while (bytes > 0) {
    const uint32_t part = bytes < sizeof rest ? bytes : sizeof rest;
    if (chip::read(file_, rest, part) != part) return false;
    bytes -= part;
  }
  return true;
}

const char* WavReader::read_header(uint32_t sample_rate_hz) {
  uint8_t head[16];
  if (chip::read(file_, head, 12) != 12 || u32(head) != kRiff || u32(head + 8) != kWave) return "is no WAV file";
  for (bool known = false;;) {
    if (chip::read(file_, head, 8) != 8) return "ends before its samples";
    const uint32_t kind = u32(head), size = u32(head + 4);
    if (kind == kData) {
      if (!known) return "has samples before their format";
      samples_ = left_ = size / 2;
      return nullptr;
    }
    if (kind == kFormat && size >= 16) {
      if (chip::read(file_, head, 16) != 16) return "ends inside its format";
      const bool right = u16(head) == 1 && u16(head + 2) == 1 && u16(head + 14) == 16;
      if (!right) return "is not one channel of 16-bit samples";
      if (u32(head + 4) != sample_rate_hz) return "has another sample rate than the model";
      known = true;
      if (!skip(size - 16 + (size & 1))) return "ends inside its format";
    } else if (size > 0x7fffffff || !skip(size + (size & 1))) {
      return "ends before its samples";
    }
  }
}

size_t WavReader::read(int16_t* to, size_t count) {
  const size_t wanted = count < left_ ? count : left_;
  const size_t found = chip::read(file_, to, wanted * sizeof *to) / sizeof *to;
  left_ = found < wanted ? 0 : static_cast<uint32_t>(left_ - found);
  for (size_t i = found; i < count; ++i) to[i] = 0;
  return found;
}

const char* WavWriter::open(const char* path, uint32_t sample_rate_hz, uint32_t samples) {
  file_ = open_to_write(path);
  if (file_ < 0) return "cannot be written";
  const uint32_t bytes = 2 * samples;
  const uint32_t header[11] = {kRiff,          36 + bytes,         kWave,          kFormat, 16,   1u | 1u << 16,
                               sample_rate_hz, 2 * sample_rate_hz, 2u | 16u << 16, kData,   bytes};
  return chip::write(file_, header, sizeof header) == sizeof header ? nullptr : "cannot be written";
}

const char* WavWriter::write(const int16_t* from, size_t count) {
  const size_t bytes = count * sizeof *from;
  return chip::write(file_, from, bytes) == bytes ? nullptr : "cannot be written";
}

}  // namespace pellucid::chip
