// What a container says of its first sound track, which the program ffprobe (a part of ffmpeg's packages) tells.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace pellucid::audio {

struct ForeignTrack {
  std::optional<double> end_s;  ///< where MP4 and its kin say that it ends, from the film's beginning
  /// Its title and what else is said of it; not what a muxer works out by itself, nor its language.
  std::map<std::string, std::string> tags;
};

/// Of the regular file behind `descriptor`; what cannot be told, as without ffprobe, is left empty.
ForeignTrack probe_foreign(int descriptor, const char* container);

/// In bytes, of a tag's text: the system limits what a program can be told.
constexpr std::size_t kLongestTag = 1 << 15;

/// A track that begins within so many seconds begins at once: that is a coder's delay, rounded, not a pause.
constexpr double kNoPause = 0.01;

/// How many frames there should be; -1 where it does not say.
std::int64_t stated_frames(const ForeignTrack& track, int rate_hz);

/// How many frames of a decoded track there really are: coders of blocks pad the last, which may be as long as that.
std::int64_t frames_without_padding(std::int64_t frames, int rate_hz, const ForeignTrack& track,
                                    const std::string& coder);

}  // namespace pellucid::audio
