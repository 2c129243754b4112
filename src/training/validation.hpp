// How a network does on pairs of the validation split: the figures that choose the released weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus/loader.hpp"
#include "training/losses.hpp"
#include "training/process_group.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {

struct Scores {
  double loss = 0, si_sdr_db = 0, stoi = 0;
  double noisy_si_sdr_db = 0, noisy_stoi = 0;
  /// What is left of noise alone, after the first second: dB against what came in, mean over clips.
  double noise_alone_db = 0;
  double pesq = 0;  ///< wide band, where it was asked for; 0 where it cannot be had
  int clips = 0;    ///< heard, pairs and noises
  int lost = 0;     ///< of them, those of which the network made samples that are no numbers; all figures are then NaN
  /// One figure to choose by: dB of SI-SDR, a hundredth of STOI as much as 0.2 dB. Below all others where clips are
  /// lost.
  double score() const;
  std::string in_words() const;
};

/// Throws Error(kModel) where clips are lost: nothing can be said of the model in `file`.
void expect_numbers(const Scores& scores, const std::filesystem::path& file);

class Validation {
 public:
  /// Mixes the pairs once; they are the same for every training on this corpus. The processes of a group share them and
  /// all get the scores over all.
  Validation(const corpus::Corpus& corpus, const Recipe& recipe, ProcessGroup& group = ProcessGroup::alone());
  /// `with_pesq` takes some 20 ms a pair more, and is for networks of 16 kHz and more.
  Scores run(Network& network, const Spectrum& spectrum, bool with_pesq = false) const;

 private:
  // Of noise number i, NaN where the output is no number.
  double noise_alone_db(Network& network, const Spectrum& spectrum, std::size_t i) const;

  LossOptions loss_;
  ProcessGroup& group_;
  int pairs_;  // of this process
  int samples_;
  std::vector<float> noisy_, clean_;  // [pairs][samples]
  std::vector<std::vector<float>> noises_;
  double noisy_si_sdr_db_ = 0, noisy_stoi_ = 0;
};

}  // namespace pellucid::training
