#include "metrics/pesq_loudness.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pellucid::metrics::pesq {
namespace {

/// Weighted norm over the bands but the lowest.
double norm(const Bands& values, double power) {
  double total_width = 0, sum = 0;
  for (std::size_t b = 1; b < values.size(); ++b) {
    const double width = kBarkBands[b].width_bark, weighted = std::abs(values[b]) * width;
    sum += power == 2 ? weighted * weighted : weighted;
    total_width += width;
  }
  const double mean = sum / total_width;
  return total_width * (power == 2 ? std::sqrt(mean) : mean);
}

}  // namespace

PitchPower::PitchPower() : spectrum_(kFrame), window_(kFrame), frame_(kFrame), power_(spectrum_.bins()) {
  for (std::size_t i = 0; i < window_.size(); ++i) {
    window_[i] = 0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / kFrame));
  }
}

Bands PitchPower::operator()(const std::vector<float>& signal, int begin) {
  std::transform(window_.begin(), window_.end(), signal.begin() + begin, frame_.begin(), std::multiplies<>());
  spectrum_(frame_, power_);
  power_[0] = 0;
  Bands bands{};
  std::size_t bin = 0;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    double sum = 0;
    for (int i = 0; i < kBarkBands[b].bins; ++i) sum += power_[bin++];
    bands[b] = sum * kBarkBands[b].density_gain * kPitchGain;
  }
  return bands;
}

double audible_power(const Bands& pitch_power, double times) {
  double sum = 0;
  for (std::size_t b = 1; b < pitch_power.size(); ++b) {
    if (pitch_power[b] > times * kBarkBands[b].hearing_power) sum += pitch_power[b];
  }
  return sum;
}

Bands mean_audible(const std::vector<Bands>& frames, const std::vector<bool>& silent, double count) {
  constexpr double kWellAudible = 100;
  Bands mean{};
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (silent[f]) continue;
    for (std::size_t b = 0; b < mean.size(); ++b) {
      if (frames[f][b] > kWellAudible * kBarkBands[b].hearing_power) mean[b] += frames[f][b];
    }
  }
  for (double& v : mean) v /= count;
  return mean;
}

void equalize(std::vector<Bands>& reference, const Bands& reference_mean, const Bands& degraded_mean) {
  constexpr double kFloor = 1000, kMost = 100;
  Bands gain{};
  for (std::size_t b = 0; b < gain.size(); ++b) {
    gain[b] = std::clamp((degraded_mean[b] + kFloor) / (reference_mean[b] + kFloor), 1.0 / kMost, kMost);
  }
  for (Bands& frame : reference) {
    for (std::size_t b = 0; b < frame.size(); ++b) frame[b] *= gain[b];
  }
}

Bands loudness_exponents() {
  constexpr double kZwicker = 0.23;
  Bands exponents{};
  for (std::size_t b = 0; b < exponents.size(); ++b) {
    const double center = kBarkBands[b].center_bark;
    const double rise = center < 4 ? std::min(2.0, 6.0 / (center + 2.0)) : 1.0;
    exponents[b] = kZwicker * std::pow(rise, 0.15);
  }
  return exponents;
}

Bands loudness(const Bands& pitch_power) {
  static const Bands exponents = loudness_exponents();
  Bands sone{};
  for (std::size_t b = 0; b < sone.size(); ++b) {
    const double threshold = kBarkBands[b].hearing_power;
    if (pitch_power[b] <= threshold) continue;
    sone[b] = kLoudnessGain * std::pow(threshold / 0.5, exponents[b]) *
              (std::pow(0.5 + 0.5 * pitch_power[b] / threshold, exponents[b]) - 1.0);
  }
  return sone;
}

Disturbance disturbance(const Bands& reference, const Bands& degraded) {
  constexpr double kMasked = 0.25, kAsymmetryFloor = 50, kAsymmetryPower = 1.2, kMostAsymmetry = 12,
                   kLeastAsymmetry = 3;
  const Bands reference_sone = loudness(reference), degraded_sone = loudness(degraded);
  Bands difference{}, added{};
  for (std::size_t b = 0; b < difference.size(); ++b) {
    const double d = degraded_sone[b] - reference_sone[b];
    const double masked = kMasked * std::min(degraded_sone[b], reference_sone[b]);
    difference[b] = d > masked ? d - masked : d < -masked ? d + masked : 0.0;
    const double ratio = (degraded[b] + kAsymmetryFloor) / (reference[b] + kAsymmetryFloor);
    const double asymmetry = std::min(kMostAsymmetry, std::pow(ratio, kAsymmetryPower));
    added[b] = asymmetry < kLeastAsymmetry ? 0.0 : difference[b] * asymmetry;
  }
  return {norm(difference, 2), norm(added, 1)};
}

}  // namespace pellucid::metrics::pesq
