// Recordings of phones and films (AAC in MP4 and the like), which libsndfile does not know: the program ffmpeg decodes
// and encodes them, in a process of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string>

#include "audio/foreign_track.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"

namespace pellucid::audio {

struct ForeignKind {
  const char* extension;
  const char* muxer = nullptr;  ///< ffmpeg's name of what is written; null: it is only read
  const char* coder = nullptr;  ///< of its sound, unless foreign_coding() says another
  bool film = false;            ///< holds pictures, mostly: a folder's recordings are not looked for in these
};

/// The program ffmpeg is missing or was killed, which says nothing of the file.
class NoFfmpeg : public Error {
 public:
  using Error::Error;
};

/// How sound is stored in a file of a kind.
struct ForeignCoding {
  std::string coder;  ///< ffmpeg's name of it
  int subtype;        ///< libsndfile's SF_FORMAT_* of the samples that it is given
};

/// Lossless as it came where the container takes that (ALAC in M4A, MP4 and MOV, FLAC there as ALAC, PCM in MOV), else
/// the kind's own.
ForeignCoding foreign_coding(const ForeignKind& kind, const StreamFormat& format);

/// Where loudspeakers stand, as dwChannelMask says it, in what the coder makes of sound: as they do there, or with
/// surrounds at the back for those at the sides where only those are known. 0 where the coder has no such layout, and
/// ffmpeg would mix the channels into one that it has.
std::uint32_t foreign_speakers(const ForeignCoding& coding, const StreamFormat& format);

/// By a name's ending; null where it is none of these.
const ForeignKind* foreign_kind(const std::filesystem::path& name);

/// ffmpeg's name for the container that begins with `head` (12 bytes are enough); null where it is none of these.
const char* foreign_container(std::span<const unsigned char> head);

/// The first sound track of the regular file behind `descriptor`, as a WAV (beyond 4 GiB an RF64) of 32-bit floats
/// without a name; returns its descriptor, which the caller closes. It begins where the film begins, and where a track
/// has gaps it is silent. No other file and no network is touched. Throws Error: kAudio where it cannot be decoded to
/// its end, as NoFfmpeg where that is not its fault and else as CutShort, unless the rest is to be taken and there is
/// one (`format->origin.damaged`), kOutput where the temporary folder is full, kInterrupted. `name`
/// is what errors call the file, `format` gets the track's language, tags, coder and sample format, `track` what the
/// container says of it.
int decode_foreign(int descriptor, const char* container, const std::string& name, Damage damage, StreamFormat* format,
                   ForeignTrack* track);

/// Encodes sound that is written to a pipe.
class ForeignEncoder {
 public:
  struct Sound {
    ForeignCoding coding;
    int rate_hz, channels;
    std::uint32_t speakers;                ///< 0: the usual ones
    std::map<int, std::string> tags = {};  ///< SF_STR_*, written where there is no `origin` to take them from
  };

  /// `output`: a regular file, which stays the caller's. Of `origin`, where it is a file, tags, chapters, a cover and,
  /// for films, pictures, subtitles and all sound tracks but the first are copied as they are. Throws Error(kOutput)
  /// where there is no ffmpeg, Error(kInput) where `origin` has gone. `name` is what errors call the output.
  ForeignEncoder(const ForeignKind& kind, const Sound& sound, int output, const ForeignOrigin& origin,
                 const std::string& name);
  /// Stops it where it has not finished.
  ~ForeignEncoder();
  ForeignEncoder(const ForeignEncoder&) = delete;
  ForeignEncoder& operator=(const ForeignEncoder&) = delete;

  /// Where the samples go. When it is broken (EPIPE; SIGPIPE has to be ignored), finish() says why.
  int pipe() const { return pipe_; }
  /// Waits until the output is whole. Throws Error: kOutput where it could not be made, kInterrupted.
  void finish();

 private:
  void stop();

  std::string name_;
  int pipe_ = -1, said_ = -1;
  pid_t process_ = -1;
};

}  // namespace pellucid::audio
