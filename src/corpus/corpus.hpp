// A prepared corpus: 16-bit mono clips in shards beside an index, split by speaker and by noise source.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pellucid::corpus {

enum class Kind : int { kSpeech = 0, kNoise = 1, kRir = 2 };
enum class Split : int { kTrain = 0, kValid = 1, kTest = 2 };

/// One clip of the index. Levels in dBFS (full-scale square wave = 0 dB, RMS).
struct Clip {
  Kind kind = Kind::kSpeech;
  Split split = Split::kTrain;
  std::string path;   ///< path below the source folder, '/'-separated; names the clip
  std::string group;  ///< speaker or noise source: never on two sides of a split
  std::string label;  ///< noise class or language, may be empty
  std::uint32_t shard = 0;
  std::uint64_t offset_samples = 0;
  std::uint64_t frames = 0;
  float active_level_dbfs = 0;  ///< ITU-T P.56 active speech level (speech), RMS (noise, rir)
  float activity = 0;           ///< share of the clip that is active speech, 0..1
  float noise_floor_dbfs = 0;   ///< 5th percentile of 20 ms levels
  float bandwidth_hz = 0;       ///< highest frequency that carries energy
};

/// A read-only, memory-mapped corpus. Safe to use from several threads.
class Corpus {
 public:
  /// Throws Error(kCorpus) with a sentence when the index or a shard is missing, damaged or out of bounds.
  static Corpus open(const std::filesystem::path& dir);
  ~Corpus();
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;

  int rate_hz() const;
  std::span<const Clip> clips() const;
  /// Indices into clips() of one kind and split, in a fixed order.
  std::span<const std::uint32_t> select(Kind kind, Split split) const;
  /// The clip's 16-bit samples, valid while the corpus lives.
  std::span<const std::int16_t> samples(const Clip& clip) const;

 private:
  struct Impl;
  explicit Corpus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What tells a corpus from another wherever it lies: the checksum of its index, which has those of its shards. Throws
/// Error(kCorpus) where there is none.
std::uint32_t index_checksum(const std::filesystem::path& dir);

}  // namespace pellucid::corpus
