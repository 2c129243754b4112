// The true length of MP3 files. A decoder trusts the Xing/Info tag of the first frame and, without one, guesses the
// length from the first bit rate, then stops there: the rest of a file whose bit rate changes would be lost without a
// word. Here the frames are counted (ISO/IEC 11172-3, 13818-3; Layer III), and a tag with the count is put in where it
// is missing or too low.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pellucid::audio {

struct MpegScan {
  std::int64_t first_frame = 0;               ///< where the first frame begins, tag or not
  std::int64_t audio_start = 0;               ///< where the first frame of sound begins
  std::int64_t frames = 0;                    ///< whole frames of sound
  std::optional<std::int64_t> tagged_frames;  ///< what a tag states
  std::array<unsigned char, 4> header{};      ///< of the first frame
  int samples_per_frame = 1152;
  /// True when a decoder that believes the tag, or guesses, may stop early.
  bool needs_tag() const { return !tagged_frames || frames > *tagged_frames + 1; }
};

/// Reads the whole file by pread. None when it holds no Layer III frames. Where the file cannot be read, `error` gets
/// errno and what was found counts for nothing.
std::optional<MpegScan> scan_mpeg(int descriptor, int* error = nullptr);

/// A file as its decoder should see it: its own tag left out, or in its place one that states scan.frames. With an
/// empty scan and no tag, a file of any kind as it is.
class MpegSource {
 public:
  /// Takes over `descriptor`.
  MpegSource(int descriptor, const MpegScan& scan, bool with_tag);
  ~MpegSource();
  MpegSource(const MpegSource&) = delete;
  MpegSource& operator=(const MpegSource&) = delete;

  std::int64_t size() const { return size_; }
  std::int64_t position() const { return position_; }
  void seek(std::int64_t position) { position_ = position; }
  std::size_t read(unsigned char* to, std::size_t count);
  /// errno of the first read that failed, else 0.
  int error() const { return error_; }

 private:
  int descriptor_, error_ = 0;
  std::int64_t tag_start_, audio_start_, size_ = 0, position_ = 0;
  std::vector<unsigned char> tag_;
};

}  // namespace pellucid::audio
