// What the spectral terms of a loss count for: by bin and by clip.
#pragma once

#include <vector>

#include "training/loss_options.hpp"

namespace pellucid::training {

/// Weight of bin k of `bins` from 0 Hz to half the rate, mean 1: the density of the ERB-rate scale of Glasberg and
/// Moore, "Derivation of auditory filter shapes from notched-noise data" (1990), 1 / (1 + 4.37 kHz), to the power
/// `options.erb`.
std::vector<float> bin_weights(const LossOptions& options, int bins, int sample_rate_hz);

/// Weight of a clip's spectral terms. A spectrum compressed by `compression` grows with level^compression, its squared
/// error with twice that; `options.level` is the share of this that the weight takes back. Energies are sums of squares
/// over `samples`; a clip without speech counts by its noise, 20 dB down.
double clip_weight(const LossOptions& options, double compression, double clean_energy, double noisy_energy,
                   int samples);

}  // namespace pellucid::training
