// Makes one pair of chunks after another; what make_pair and the Loader have in common.
#pragma once

#include "corpus/loader.hpp"
#include "corpus/mix_clips.hpp"

namespace pellucid::corpus {

/// Keeps the catalogue that make_pair would build for every pair. Safe from several threads.
class PairMaker {
 public:
  /// Throws Error(kCorpus) when the split has no speech while speech is asked for.
  PairMaker(const ClipSource& source, const MixOptions& options, Split split);
  void make(std::uint64_t seed, std::uint64_t index, std::span<float> noisy, std::span<float> clean,
            PairInfo* info = nullptr) const;

 private:
  void make_noise(std::size_t speaker, Random& rng, Random& extra, std::span<float> out,
                  std::vector<std::string>* names) const;
  void add_room(Random& rng, std::span<float> wet, std::span<float> target) const;

  MixOptions options_;
  Split split_;
  Catalogue catalogue_;
};

}  // namespace pellucid::corpus
