#include "training/loss_weights.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::training {

std::vector<float> bin_weights(const LossOptions& options, int bins, int sample_rate_hz) {
  std::vector<double> density;
  double sum = 0;
  for (int k = 0; k < bins; ++k) {
    const double khz = (k + 0.5) * sample_rate_hz / (2e3 * bins);
    density.push_back(std::pow(1 + 4.37 * khz, -options.erb));
    sum += density.back();
  }
  std::vector<float> weights;
  for (const double d : density) weights.push_back(static_cast<float>(d * bins / sum));
  return weights;
}

double clip_weight(const LossOptions& options, double compression, double clean_energy, double noisy_energy,
                   int samples) {
  const double reference = std::pow(10, -25 / 10.0) * samples;
  const double energy = std::max({clean_energy, 0.01 * noisy_energy, 1e-8 * samples});
  return std::pow(reference / energy, compression * options.level);
}

}  // namespace pellucid::training
