// Recordings of phones and films (AAC in MP4 and the like), which libsndfile does not read: the program ffmpeg decodes
// them, in a process of its own.
#pragma once

#include <span>
#include <string>

namespace pellucid::audio {

/// ffmpeg's name for the container that begins with `head` (12 bytes are enough); null where it is none of these.
const char* foreign_container(std::span<const unsigned char> head);

/// The first sound track of the regular file behind `descriptor`, as a WAV (beyond 4 GiB an RF64) of 32-bit floats
/// without a name; returns its descriptor, which the caller closes. No other file and no network is touched. Throws
/// Error: kAudio where there is no ffmpeg or it cannot decode the whole of it, kOutput where the temporary folder is
/// full, kInterrupted. `name` is what errors call the file.
int decode_foreign(int descriptor, const char* container, const std::string& name);

}  // namespace pellucid::audio
