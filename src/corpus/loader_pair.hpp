// Makes one pair of chunks after another; what make_pair and the Loader have in common.
#pragma once

#include "corpus/loader.hpp"
#include "corpus/mix_clips.hpp"
#include "corpus/pair_draft.hpp"

namespace pellucid::corpus {

/// Keeps the catalogue that make_pair would build for every pair. Safe from several threads.
class PairMaker {
 public:
  /// Throws Error(kCorpus) when the split has no speech while speech is asked for.
  PairMaker(const ClipSource& source, const MixOptions& options, Split split);
  void make(std::uint64_t seed, std::uint64_t index, std::span<float> noisy, std::span<float> clean,
            PairInfo* info = nullptr) const;
  /// What make mixes. The level in `info` is that which is asked for.
  PairDraft draw(std::uint64_t seed, std::uint64_t index, std::size_t samples, PairInfo* info = nullptr) const;
  int rate_hz() const { return catalogue_.source().rate_hz(); }

 private:
  using Names = std::vector<std::string>;
  void fill_noise(std::size_t speaker, Random& rng, Random& extra, std::span<float> out, std::vector<float>& response,
                  Names* names) const;
  void draw_noise(std::size_t speaker, Random& rng, Random& extra, PairDraft& draft, Names* names) const;
  void draw_room(Random& rng, PairDraft& draft) const;

  MixOptions options_;
  Split split_;
  Catalogue catalogue_;
};

}  // namespace pellucid::corpus
