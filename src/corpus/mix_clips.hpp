// Where mixing finds its recordings: a prepared corpus, or anything else that can name clips and read them; and how a
// stretch of any length is filled with them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "corpus/corpus.hpp"
#include "corpus/mix_random.hpp"

namespace pellucid::corpus {

/// Clips by number, readable from several threads at once.
class ClipSource {
 public:
  virtual ~ClipSource() = default;
  virtual int rate_hz() const = 0;
  virtual std::span<const Clip> clips() const = 0;
  /// Samples offset … offset + out.size() - 1 of a clip, full scale 1; the clip has them.
  virtual void read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const = 0;
  /// Active level of speech, RMS of noise, dBFS.
  virtual float level_dbfs(const Clip& clip) const { return clip.active_level_dbfs; }
};

/// A corpus seen as clips; the corpus has to live on.
class CorpusClips : public ClipSource {
 public:
  explicit CorpusClips(const Corpus& corpus) : corpus_(corpus) {}
  int rate_hz() const override { return corpus_.rate_hz(); }
  std::span<const Clip> clips() const override { return corpus_.clips(); }
  void read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const override;

 private:
  const Corpus& corpus_;
};

/// Draws numbers 0..n-1 in proportion to weights.
class WeightedChoice {
 public:
  void add(double weight);
  std::size_t size() const { return cumulative_.size(); }
  bool empty() const { return cumulative_.empty(); }
  std::size_t draw(Random& rng) const;

 private:
  std::vector<double> cumulative_;
};

/// Clips that belong together: one speaker, or one class of noise.
struct ClipGroup {
  std::string name;
  std::vector<std::uint32_t> clips;
  WeightedChoice weights;
};

/// The clips of one split, grouped: speech by speaker, noise by source and label
/// (by folder where it has no label). A group's weight is the square root
/// of its seconds, so that one big folder does not drown the others; inside a group a clip's weight is the same.
class Catalogue {
 public:
  Catalogue(const ClipSource& source, Split split);

  const ClipSource& source() const { return source_; }
  const std::vector<ClipGroup>& speakers() const { return speakers_; }
  const std::vector<ClipGroup>& noises() const { return noises_; }
  const std::vector<std::uint32_t>& rooms() const { return rooms_; }
  std::size_t draw_speaker(Random& rng) const { return speaker_weights_.draw(rng); }
  std::size_t draw_noise(Random& rng) const { return noise_weights_.draw(rng); }

  /// Fills with one speaker: a random stretch of a long clip, or clips with pauses between them, each at the same
  /// active level (0.05 RMS, -26 dBFS). Appends the clips' paths to `names`.
  void fill_speech(std::size_t speaker, Random& rng, std::span<float> out, std::vector<std::string>* names) const;
  /// Fills with one recording: a random stretch, a loop with crossfades, or a short effect again and again after gaps.
  void fill_noise(std::size_t noise, Random& rng, std::span<float> out, std::vector<std::string>* names) const;
  /// Fills with `voices` speakers other than `speaker`, within +-4 dB of one another. False when there is none.
  bool fill_babble(std::size_t speaker, int voices, Random& rng, std::span<float> out,
                   std::vector<std::string>* names) const;

 private:
  const ClipSource& source_;
  std::vector<ClipGroup> speakers_, noises_;
  WeightedChoice speaker_weights_, noise_weights_;
  std::vector<std::uint32_t> rooms_;
};

}  // namespace pellucid::corpus
