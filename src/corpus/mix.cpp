#include "corpus/mix.hpp"

#include <algorithm>
#include <cmath>

#include "corpus/active_level.hpp"

namespace pellucid::corpus {
namespace {

double to_gain(double db) { return std::pow(10, db / 20); }

double peak_of(const MixParts& parts, double speech, double noise) {
  const auto gs = static_cast<float>(speech), gn = static_cast<float>(noise);
  float peak = 0;
  for (std::size_t i = 0; i < parts.noise.size(); ++i)
    peak = std::max(peak, std::fabs(gs * parts.wet[i] + gn * parts.noise[i]));
  for (const float v : parts.target) peak = std::max(peak, std::fabs(gs * v));
  return static_cast<double>(peak);
}

}  // namespace

double rms(std::span<const float> x) {
  if (x.empty()) return 0;
  // Eight sums: exact enough in double, and free of one long chain of additions.
  double sums[8] = {};
  const std::size_t whole = x.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
  for (std::size_t i = whole; i < x.size(); ++i) sums[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  double sum = 0;
  for (const double s : sums) sum += s;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

double speech_level_dbfs(std::span<const float> x, int rate_hz, SnrMode mode, float gain) {
  return static_cast<double>(mode == SnrMode::kActive ? active_level(x, rate_hz, gain).level_dbfs
                                                      : rms_level_dbfs(x, gain));
}

MixGains solve_gains(const MixParts& parts, int rate_hz, const MixRequest& request) {
  MixGains gains;
  const double noise_rms = rms(parts.noise);
  const double speech_rms = rms(parts.target);
  const bool has_noise = noise_rms > 1e-9, has_speech = speech_rms > 1e-7;
  double speech = 0, noise = 0;
  if (has_speech) speech = to_gain(request.level_dbfs - speech_level_dbfs(parts.target, rate_hz, request.mode));
  if (has_noise) noise = to_gain(request.level_dbfs - request.snr_db) / noise_rms;

  // P.56 interpolates between thresholds fixed to full scale, so the level is measured where it ends up; when the noise
  // follows it by some tenths of a decibel, the peak may need another step.
  for (int attempt = 0; attempt < 6; ++attempt) {
    const double peak = request.peak_limit > 0 ? peak_of(parts, speech, noise) : 0;
    const bool too_loud = peak > request.peak_limit * 1.001;
    if (too_loud) {
      const double factor = request.peak_limit / peak;
      gains.scale *= factor;
      speech *= factor;
      noise *= factor;
    }
    if (attempt > 0 && !too_loud) break;
    gains.level_dbfs = request.level_dbfs + 20 * std::log10(gains.scale);
    if (!has_speech) break;
    gains.level_dbfs = speech_level_dbfs(parts.target, rate_hz, request.mode, static_cast<float>(speech));
    if (has_noise) noise = to_gain(gains.level_dbfs - request.snr_db) / noise_rms;
    if (request.peak_limit <= 0) break;
  }
  gains.speech = static_cast<float>(speech);
  gains.noise = static_cast<float>(noise);
  return gains;
}

}  // namespace pellucid::corpus
