#include "audio/mpeg.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pellucid::audio {
namespace {

struct FrameHeader {
  bool mpeg1 = false, mono = false;
  int rate_hz = 0;
  std::int64_t bytes = 0;
};

std::optional<FrameHeader> parse_header(const unsigned char* at) {
  static constexpr int kKbps1[] = {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0};
  static constexpr int kKbps2[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
  static constexpr int kRates[] = {44100, 48000, 32000, 0};
  const int version = (at[1] >> 3) & 3, layer = (at[1] >> 1) & 3, bit_rate = at[2] >> 4, rate = (at[2] >> 2) & 3;
  const bool sync = at[0] == 0xFF && (at[1] & 0xE0) == 0xE0;
  if (!sync || version == 1 || layer != 1 || bit_rate == 0 || bit_rate == 15 || rate == 3) return std::nullopt;
  FrameHeader header;
  header.mpeg1 = version == 3;
  header.mono = (at[3] >> 6) == 3;
  header.rate_hz = kRates[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
  const int kbps = header.mpeg1 ? kKbps1[bit_rate] : kKbps2[bit_rate];
  header.bytes = (header.mpeg1 ? 144 : 72) * 1000 * kbps / header.rate_hz + ((at[2] >> 1) & 1);
  return header;
}

// A tag stands behind the side information.
std::size_t tag_offset(const FrameHeader& header) {
  if (header.mpeg1) return 4 + (header.mono ? 17 : 32);
  return 4 + (header.mono ? 9 : 17);
}

std::uint32_t big_endian(const unsigned char* at) {
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

// A window of a file that moves forwards.
class Window {
 public:
  explicit Window(int descriptor) : descriptor_(descriptor), block_(1 << 16) {}

  // `count` bytes at `offset`; null behind the end.
  const unsigned char* at(std::int64_t offset, std::size_t count) {
    if (offset < start_ || offset + static_cast<std::int64_t>(count) > start_ + static_cast<std::int64_t>(filled_)) {
      start_ = offset;
      filled_ = 0;
      while (filled_ < count) {
        const ssize_t got = ::pread(descriptor_, block_.data() + filled_, block_.size() - filled_,
                                    static_cast<off_t>(start_ + static_cast<std::int64_t>(filled_)));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) error_ = errno;
        if (got <= 0) return nullptr;
        filled_ += static_cast<std::size_t>(got);
      }
    }
    return block_.data() + (offset - start_);
  }

  int error() const { return error_; }

 private:
  int descriptor_, error_ = 0;
  std::vector<unsigned char> block_;
  std::int64_t start_ = 0;
  std::size_t filled_ = 0;
};

std::int64_t skip_id3(Window& window) {
  const unsigned char* at = window.at(0, 10);
  if (at == nullptr || std::memcmp(at, "ID3", 3) != 0) return 0;
  const std::int64_t size = (at[6] & 127) << 21 | (at[7] & 127) << 14 | (at[8] & 127) << 7 | (at[9] & 127);
  return 10 + size + ((at[5] & 16) != 0 ? 10 : 0);
}

// Version, layer and sample rate do not change within a file; the last byte's top two bits are the channels.
bool alike(const unsigned char* at, const std::array<unsigned char, 4>& first) {
  return at[0] == first[0] && (at[1] & 0xFE) == (first[1] & 0xFE) && (at[2] & 0x0C) == (first[2] & 0x0C);
}

std::vector<unsigned char> make_tag(const MpegScan& scan) {
  std::array<unsigned char, 4> head = scan.header;
  const bool mpeg1 = ((head[1] >> 3) & 3) == 3;
  head[1] |= 1;                                                                    // no check sum
  head[2] = static_cast<unsigned char>((head[2] & 0x0C) | (mpeg1 ? 0x50 : 0x80));  // 64 kbit/s, no padding
  const FrameHeader header = *parse_header(head.data());
  std::vector<unsigned char> tag(static_cast<std::size_t>(header.bytes));
  std::copy(head.begin(), head.end(), tag.begin());
  unsigned char* at = tag.data() + tag_offset(header);
  std::memcpy(at, "Info\0\0\0\1", 8);  // one field follows: the number of frames
  for (int i = 0; i < 4; ++i) at[8 + i] = static_cast<unsigned char>(scan.frames >> (8 * (3 - i)));
  return tag;
}

}  // namespace

std::optional<MpegScan> scan_mpeg(int descriptor, int* error) {
  Window window(descriptor);
  MpegScan scan;
  std::int64_t offset = skip_id3(window);
  bool found = false;
  for (const unsigned char* at; (at = window.at(offset, 4)) != nullptr;) {
    const auto header = parse_header(at);
    const bool valid = header && (!found || alike(at, scan.header));
    const std::int64_t next = valid ? offset + header->bytes : offset + 1;
    if (!valid) {
      offset = next;
      continue;
    }
    if (!found) {
      // The first one counts only when another follows: a picture may hold bytes that look like a header.
      std::copy_n(at, 4, scan.header.begin());
      const unsigned char* following = window.at(next, 4);
      if (following == nullptr || !parse_header(following) || !alike(following, scan.header)) {
        ++offset;
        continue;
      }
      found = true;
      scan.samples_per_frame = header->mpeg1 ? 1152 : 576;
      scan.first_frame = scan.audio_start = offset;
      const std::size_t behind = tag_offset(*header);
      const unsigned char* tag = window.at(offset + static_cast<std::int64_t>(behind), 12);
      if (tag != nullptr && (std::memcmp(tag, "Xing", 4) == 0 || std::memcmp(tag, "Info", 4) == 0)) {
        if ((tag[7] & 1) != 0) scan.tagged_frames = big_endian(tag + 8);
        scan.audio_start = offset = next;
        continue;
      }
    }
    if (window.at(next - 1, 1) == nullptr) break;
    ++scan.frames;
    offset = next;
  }
  if (error != nullptr) *error = window.error();
  if (!found) return std::nullopt;
  return scan;
}

MpegSource::MpegSource(int descriptor, const MpegScan& scan, bool with_tag)
    : descriptor_(descriptor), tag_start_(scan.first_frame), audio_start_(scan.audio_start) {
  if (with_tag) tag_ = make_tag(scan);
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0) {
    size_ = status.st_size - audio_start_ + tag_start_ + static_cast<std::int64_t>(tag_.size());
  }
}

MpegSource::~MpegSource() { ::close(descriptor_); }

std::size_t MpegSource::read(unsigned char* to, std::size_t count) {
  const std::int64_t tag_end = tag_start_ + static_cast<std::int64_t>(tag_.size());
  std::size_t done = 0;
  while (done < count) {
    const auto left = static_cast<std::int64_t>(count - done);
    std::int64_t got = 0;
    if (position_ >= tag_start_ && position_ < tag_end) {
      got = std::min(left, tag_end - position_);
      std::memcpy(to + done, tag_.data() + (position_ - tag_start_), static_cast<std::size_t>(got));
    } else {
      const bool before = position_ < tag_start_;
      const std::int64_t at = before ? position_ : position_ - tag_end + audio_start_;
      const std::int64_t most = before ? std::min(left, tag_start_ - position_) : left;
      got = ::pread(descriptor_, to + done, static_cast<std::size_t>(most), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && error_ == 0) error_ = errno;
      if (got <= 0) break;
    }
    done += static_cast<std::size_t>(got);
    position_ += got;
  }
  return done;
}

}  // namespace pellucid::audio
