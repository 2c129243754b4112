#include "corpus/mix_exact.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

constexpr double kTolerance_db = 0.02;

// Multiplies and rounds to whole steps; returns the result's RMS.
double round_to_steps(std::span<const float> x, double gain, double steps, std::vector<float>& out) {
  out.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    out[i] = static_cast<float>(std::nearbyint(static_cast<double>(x[i]) * gain * steps) / steps);
  return rms(out);
}

}  // namespace

ExactMixture mix_exactly(std::span<const float> speech, std::span<const float> noise, int rate_hz,
                         const ExactRequest& request) {
  if (rms(speech) < 1e-7)
    throw Error(ExitCode::kCorpus, "a stretch of speech is silent, so no SNR can be stated for it.");
  if (rms(noise) < 1e-9)
    throw Error(ExitCode::kCorpus, "a stretch of noise is silent, so no SNR can be stated for it.");
  const double steps = std::ldexp(1.0, request.bits - 1);
  ExactMixture result;
  double level_dbfs = request.level_dbfs;
  for (int attempt = 0; attempt < 16; ++attempt) {
    const MixGains gains = solve_gains({speech, speech, noise}, rate_hz,
                                       {request.snr_db, level_dbfs, request.allow_clipping ? 0.0 : 0.99, request.mode});
    if (round_to_steps(speech, static_cast<double>(gains.speech), steps, result.clean) > 0) {
      result.level_dbfs = speech_level_dbfs(result.clean, rate_hz, request.mode);
      result.scale = gains.scale * std::pow(10, (level_dbfs - request.level_dbfs) / 20);
      const double wanted = std::pow(10, (result.level_dbfs - request.snr_db) / 20);
      double gain = static_cast<double>(gains.noise);
      for (int round = 0; round < 12; ++round) {
        const double found = round_to_steps(noise, gain, steps, result.noisy);
        if (found > 0 && std::fabs(20 * std::log10(found / wanted)) < kTolerance_db) {
          const float top = static_cast<float>(1 - 1 / steps);
          for (std::size_t i = 0; i < speech.size(); ++i)
            result.noisy[i] = std::clamp(result.clean[i] + result.noisy[i], -1.0f, top);
          for (float& v : result.clean) v = std::clamp(v, -1.0f, top);
          return result;
        }
        gain *= found > 0 ? std::clamp(wanted / found, 0.5, 2.0) : 2.0;
      }
    }
    // The noise is lost between two steps: louder, as far as there is room.
    if (gains.scale < 1) break;
    level_dbfs += 6;
  }
  throw Error(ExitCode::kUsage, "an SNR of {:g} dB leaves the noise below the steps of {} bits; ask for --bits 24.",
              request.snr_db, request.bits);
}

}  // namespace pellucid::corpus
