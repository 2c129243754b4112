// Signals that the measures are tried on.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace pellucid::metrics {

constexpr int kRateHz = 16000;

inline std::vector<float> white_noise(std::size_t n, std::uint64_t seed) {
  std::vector<float> x(n);
  for (float& v : x) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    v = static_cast<float>(static_cast<double>(seed >> 11) / 9007199254740992.0 - 0.5);
  }
  return x;
}

/// A voice-like signal: harmonics of a gliding pitch, syllables at 4 Hz.
inline std::vector<float> voice(double seconds) {
  std::vector<float> x(static_cast<std::size_t>(seconds * kRateHz));
  double phase = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = static_cast<double>(i) / kRateHz;
    phase += 2 * std::numbers::pi * (140 + 30 * std::sin(2 * std::numbers::pi * 0.7 * t)) / kRateHz;
    double v = 0;
    for (int h = 1; h <= 20; ++h) v += std::sin(h * phase) * (1 + std::sin(0.9 * h + 5 * t)) / h;
    x[i] = static_cast<float>(0.05 * v * (0.52 + 0.48 * std::sin(2 * std::numbers::pi * 4 * t)));
  }
  return x;
}

inline std::vector<float> add(const std::vector<float>& x, const std::vector<float>& noise, double snr_db) {
  double signal = 0, power = 0;
  for (float v : x) signal += static_cast<double>(v) * v;
  for (float v : noise) power += static_cast<double>(v) * v;
  const double gain = std::sqrt(signal / power / std::pow(10.0, snr_db / 10));
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(x[i] + gain * noise[i]);
  return y;
}

inline std::vector<float> scaled(std::vector<float> x, float gain) {
  for (float& v : x) v *= gain;
  return x;
}

}  // namespace pellucid::metrics
