#include "corpus/mix.hpp"

#include <algorithm>
#include <cmath>

#include "corpus/active_level.hpp"

namespace pellucid::corpus {
namespace {

double to_gain(double db) { return std::pow(10, db / 20); }

// The largest magnitude of `size` samples. Sixteen side by side, since the compiler may not reorder one chain of
// maxima.
template <typename Sample>
float largest(std::size_t size, const Sample& sample) {
  constexpr std::size_t kLanes = 16;
  float lanes[kLanes] = {}, rest = 0;
  const std::size_t whole = size / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float x = std::fabs(sample(i + k));
      lanes[k] = lanes[k] < x ? x : lanes[k];
    }
  }
  for (std::size_t i = whole; i < size; ++i) rest = std::max(rest, std::fabs(sample(i)));
  return std::max(rest, *std::max_element(lanes, lanes + kLanes));
}

double peak_of(const MixParts& parts, double speech, double noise) {
  const auto gs = static_cast<float>(speech), gn = static_cast<float>(noise);
  const float *target = parts.target.data(), *wet = parts.wet.data(), *other = parts.noise.data();
  const auto mixed = [=](std::size_t i) { return gs * wet[i] + gn * other[i]; };
  const auto clean = [=](std::size_t i) { return gs * target[i]; };
  return static_cast<double>(std::max(largest(parts.noise.size(), mixed), largest(parts.target.size(), clean)));
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

float peak(std::span<const float> x) {
  return largest(x.size(), [at = x.data()](std::size_t i) { return at[i]; });
}

double speech_level_dbfs(std::span<const float> x, int rate_hz, SnrMode mode, float gain) {
  return static_cast<double>(mode == SnrMode::kActive ? active_level(x, rate_hz, gain).level_dbfs
                                                      : rms_level_dbfs(x, gain));
}

MixGains solve_gains(const MixParts& parts, int rate_hz, const MixRequest& request) {
  MixGains gains;
  const double noise_rms = rms(parts.noise);
  const double speech_rms = rms(parts.target);
  const bool has_noise = noise_rms > kLeastNoiseRms, has_speech = speech_rms > kLeastSpeechRms;
  double speech = 0, noise = 0;
  if (has_speech) speech = to_gain(request.level_dbfs - speech_level_dbfs(parts.target, rate_hz, request.mode));
  if (has_noise) noise = to_gain(request.level_dbfs - request.snr_db) / noise_rms;

  // P.56 interpolates between thresholds fixed to full scale, so the level is measured where it ends up; when the noise
  // follows it by some tenths of a decibel, the peak may need another step.
  for (int attempt = 0; attempt < kPeakAttempts; ++attempt) {
    const double peak = request.peak_limit > 0 ? peak_of(parts, speech, noise) : 0;
    const bool too_loud = peak > request.peak_limit * kPeakTolerance;
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
