#include "training/envelopes.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::training {

std::vector<BandBins> third_octaves(int bins, int sample_rate_hz) {
  const auto edge = [&](double steps) {
    return int(std::lround(150.0 * std::pow(2.0, steps / 6.0) * 2 * bins / sample_rate_hz));
  };
  std::vector<BandBins> bands;
  for (int b = 0; b < 15; ++b) {
    const BandBins band{edge(2.0 * b - 1), edge(2.0 * b + 1)};
    if (band.high > bins) break;
    if (band.low < band.high) bands.push_back(band);
  }
  return bands;
}

int segment_frames(int sample_rate_hz, int hop_samples) {
  return std::max(2, int(std::lround(0.384 * sample_rate_hz / hop_samples)));
}

std::vector<int> active_frames(const std::vector<float>& energy) {
  std::vector<int> active;
  const float loudest = energy.empty() ? 0.0f : *std::max_element(energy.begin(), energy.end());
  for (std::size_t t = 0; t < energy.size(); ++t)
    if (energy[t] > kActiveFrame * loudest) active.push_back(int(t));
  return active;
}

double envelope_distance(int bands, int frames, int segment, const float* x, const float* y, float scale, float* dy) {
  const int segments = frames - segment + 1;
  if (bands < 1 || segments < 1) return 0;
  const auto energy = [&](const float* from) {
    float sum = 0;
    for (int t = 0; t < segment; ++t) sum += from[t] * from[t];
    return sum;
  };
  std::vector<float> energies;
  for (int b = 0; b < bands; ++b)
    for (int s = 0; s < segments; ++s) energies.push_back(energy(x + b * frames + s));
  const float least = kAbsentBand * *std::max_element(energies.begin(), energies.end());
  const auto counted = std::count_if(energies.begin(), energies.end(), [&](float e) { return e > least; });
  if (counted == 0) return 0;

  double distance = 0;
  const float n = float(segment), weight = scale / float(counted);
  for (int b = 0; b < bands; ++b) {
    for (int s = 0; s < segments; ++s) {
      if (!(energies[std::size_t(b * segments + s)] > least)) continue;
      const float *xs = x + b * frames + s, *ys = y + b * frames + s;
      float x_mean = 0, y_mean = 0;
      for (int t = 0; t < segment; ++t) x_mean += xs[t] / n, y_mean += ys[t] / n;
      float uu = kCorrelationFloor, vv = 0, uv = 0;
      for (int t = 0; t < segment; ++t) {
        const float u = xs[t] - x_mean, v = ys[t] - y_mean;
        uu += u * u, vv += v * v, uv += u * v;
      }
      const float size = vv + kFlatEstimate * uu, norm = 1 / std::sqrt(uu * size);
      distance += 1 - uv * norm;
      const float of_u = -weight * norm, of_v = weight * uv * norm / size;
      float* to = dy + b * frames + s;
      for (int t = 0; t < segment; ++t) to[t] += of_u * (xs[t] - x_mean) + of_v * (ys[t] - y_mean);
    }
  }
  return distance / double(counted);
}

}  // namespace pellucid::training
