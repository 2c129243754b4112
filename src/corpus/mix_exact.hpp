// A mixture whose SNR holds for the integers that are written, not for the numbers before rounding.
#pragma once

#include <span>
#include <vector>

#include "corpus/mix.hpp"

namespace pellucid::corpus {

struct ExactRequest {
  double snr_db = 0;
  double level_dbfs = -26;
  SnrMode mode = SnrMode::kActive;
  bool allow_clipping = false;  ///< keep the level; the noisy file is limited to full scale after mixing
  int bits = 16;
};

/// Samples are multiples of 2^(1-bits) in -1 … 1 - 2^(1-bits): an integer file of that many bits holds them unchanged.
struct ExactMixture {
  std::vector<float> clean, noisy;
  double level_dbfs = 0;  ///< of clean
  double scale = 1;  ///< factor on both beside what level_dbfs asked for: below 1 to prevent clipping, above 1 where
                     ///< the noise would have been smaller than the file's steps
};

/// speech and noise have the same length. The SNR of clean against (noisy - clean), before any clipping that is
/// allowed, is within 0.02 dB of what was asked. Throws Error(kUsage) where `bits` cannot hold such an SNR,
/// Error(kCorpus) where speech or noise is silent.
ExactMixture mix_exactly(std::span<const float> speech, std::span<const float> noise, int rate_hz,
                         const ExactRequest& request);

}  // namespace pellucid::corpus
