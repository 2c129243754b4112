// Sound read and written in blocks: constant memory however long the file, `-` for a pipe.
//
//   Reader in("talk.flac");
//   Writer out("talk.denoised.flac", in.format());
//   std::vector<double> block(4096 * in.format().channels);
//   while (std::size_t frames = in.read(block)) out.write({block.data(), frames * in.format().channels});
//   out.close();
//
// What a lossless file holds passes through unchanged to the bit: integers are scaled by a power of two both ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/atomic_file.hpp"
#include "support/error.hpp"

namespace pellucid::audio {

constexpr int kMaxChannels = 32;
constexpr int kMinRateHz = 1000;  ///< below, a header is rather damaged than true
constexpr int kMaxRateHz = 384000;

/// What ffmpeg decoded (foreign.hpp); nothing where libsndfile did.
struct ForeignOrigin {
  std::filesystem::path file;  ///< empty for a pipe
  std::string container;       ///< as ffmpeg names it
  std::string language;        ///< of the sound, in three letters (ISO 639-2); empty where it does not say
  std::string coder;           ///< of the sound, as ffmpeg names it: "aac", "alac", "pcm_s24le"
  bool damaged = false;        ///< not all of it decoded
  std::map<std::string, std::string> track_tags;  ///< of the sound's own: its title and the like
};

/// A part of a WAV that is neither sound nor its description.
struct WavChunk {
  std::string id;  ///< four letters
  std::vector<unsigned char> data;
};

/// How sound is stored.
struct StreamFormat {
  int rate_hz = 0;
  int channels = 0;
  int code = 0;                     ///< libsndfile's container, sample format and byte order (SF_FORMAT_*)
  std::int64_t frames = -1;         ///< -1: not known (a pipe that does not say)
  std::vector<int> channel_map;     ///< libsndfile's SF_CHANNEL_MAP_* of what is read; empty where the file has none
  std::map<int, std::string> tags;  ///< libsndfile's SF_STR_*: title, artist, ...
  /// libsndfile's SF_BROADCAST_INFO, EBU Tech 3285's bext chunk: who, when, and where on the time line; empty without.
  std::vector<unsigned char> broadcast;
  std::vector<WavChunk> chunks;  ///< a WAV's cue points, their labels and iXML, up to 64 kB
  ForeignOrigin origin;          ///< what a Writer copies beside the sound: pictures, tags, chapters
};

/// "WAV, 16-bit, 48000 Hz, 2 channels".
std::string describe(const StreamFormat& format);

/// The format for `target`: `input`'s own unless the name's ending says another container; then the sample format
/// nearest to the input's that this container holds. ADPCM and GSM become 16-bit PCM: their blocks cannot keep a
/// length. A WAV beyond 4 GiB becomes RF64. Throws Error(kOutput) when it holds none, or not this rate or number of
/// channels. `-` is WAV; what ffmpeg writes is raw samples for it, in the sound's own lossless coding
/// where the container takes that.
StreamFormat output_format(const StreamFormat& input, const std::filesystem::path& target);

/// True where so many frames are more than the sizes of this container, of 32 bits in WAV and AIFF, can state;
/// libsndfile lets them wrap.
bool outgrows(const StreamFormat& format, std::uint64_t frames);

/// ".wav" of "Talk.WAV".
std::string lower_extension(const std::filesystem::path& path);

/// True for names that end like a sound file (.wav, .wave, .flac, .ogg, .oga, .opus, .mp3, .aif, .aiff, .aifc, .au,
/// .snd, .caf, .w64, .rf64, .m4a, .m4b, .m4r, .weba, .aac, .amr, .wma, .mka), in any case.
bool has_sound_extension(const std::filesystem::path& path);

/// True for names that end like a film (.mp4, .mpeg4, .m4v, .f4v, .mov, .qt, .3gp, .3g2, .webm, .mkv, .avi, .wmv,
/// .asf).
bool has_film_extension(const std::filesystem::path& path);

/// True for names that end like what only ffmpeg reads: the sound files from .m4a on, and films.
bool has_foreign_extension(const std::filesystem::path& path);

/// True for a file that begins like what only ffmpeg reads, whatever its name.
bool has_foreign_content(const std::filesystem::path& path);

/// True for names that end like what a Writer writes: all of these but .aac, .amr, .wma, .wmv and .asf.
bool has_written_extension(const std::filesystem::path& path);

/// What is to become of a file that ends before it says, or does not decode to its end.
enum class Damage { kRefuse, kTakeTheRest };

/// It is refused.
class CutShort : public Error {
 public:
  explicit CutShort(const std::string& problem)
      : Error(ExitCode::kAudio, "{}; get a whole copy.", problem), problem_(problem) {}
  /// Without the advice.
  const std::string& problem() const { return problem_; }

 private:
  std::string problem_;
};

/// It was taken for what there is of it.
struct Shortfall {
  std::int64_t stated_frames = -1;  ///< -1: it does not say how many there should be
};

class Reader {
 public:
  /// Opens a file, or standard input for "-": plain WAV is read as it comes, anything else is first spooled to an
  /// unnamed file in the temporary folder, because its decoder must seek. What libsndfile does not know and ffmpeg
  /// does (M4A, films) is decoded there as a whole, and counts as WAV, of 16 bits where it is lossy.
  /// Throws Error(kInput) when it is missing, unreadable or a folder; Error(kAudio) when it is empty, not sound, cut
  /// short (as CutShort), or beyond kMaxChannels or outside kMinRateHz … kMaxRateHz. A file without a single frame is
  /// kAudio too.
  explicit Reader(const std::filesystem::path& path, Damage damage = Damage::kRefuse);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  const StreamFormat& format() const;
  /// Skips to a frame; false when that lies beyond the end. Not for pipes.
  bool seek(std::int64_t frame);
  /// Back to the beginning, as if nothing had been read; what ffmpeg decoded is not decoded again. Not for pipes.
  void rewind();
  /// Fills whole frames of interleaved samples, full scale 1; returns how many frames, 0 at the end.
  /// Throws CutShort when the file is damaged or ends before the length it states, unless that is to be taken.
  std::size_t read(std::span<double> interleaved);
  std::size_t read(std::span<float> interleaved);
  /// Samples so far that were NaN, or infinite as float, and were set to 0.
  std::uint64_t repaired_samples() const;
  /// Once everything is read: where that was not the whole file.
  std::optional<Shortfall> shortfall() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Writer {
 public:
  /// Writes to a file beside `target` that takes its name at close(); "-" is WAV on standard output. M4A and films are
  /// encoded by ffmpeg, and keep what `format.origin` holds beside its first sound track.
  /// Throws Error(kOutput) when the place cannot be written, exists and is to be kept, or the format has no writer.
  Writer(const std::filesystem::path& target, const StreamFormat& format,
         AtomicFile::Existing existing = AtomicFile::Existing::kKeep);
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  /// Whole frames; integer formats round to nearest and clip. Throws Error(kOutput) on a full disk.
  void write(std::span<const double> interleaved);
  /// Completes the file and gives it its name. Without it nothing is left behind.
  void close();
  /// Samples that were beyond full scale and were clipped (integer formats).
  std::uint64_t clipped_samples() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pellucid::audio
