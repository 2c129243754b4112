#include <cmath>
#include <limits>
#include <vector>

#include "metrics/checks.hpp"
#include "metrics/metrics.hpp"
#include "metrics/octave_resample.hpp"
#include "metrics/pesq_alignment.hpp"
#include "metrics/pesq_model.hpp"

namespace pellucid::metrics {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void require_finite(std::span<const float> x, const char* which) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) {
      throw Error(ExitCode::kInput, "sample {} of the {} signal is no number; PESQ needs finite samples", i, which);
    }
  }
}

/// The raw score of P.862 after one of the input filters; NaN where there is none, and `*undefined` says why.
double raw_pesq(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                void (*input_filter)(pesq::Signal&), const char** undefined) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  require_finite(clean, "clean");
  require_finite(estimate, "other");
  constexpr double kShortestSeconds = 0.25, kLongestSeconds = 240;
  const double seconds = static_cast<double>(clean.size()) / rate_hz;
  const auto none = [&](const char* why) {
    if (undefined != nullptr) *undefined = why;
    return kNan;
  };
  if (rate_hz < pesq::kRateHz) return none("it is sampled below 16 kHz");
  if (seconds < kShortestSeconds) return none("it is shorter than 0.25 s");
  if (seconds > kLongestSeconds) return none("it is longer than 240 s");

  pesq::Signal reference(octave_resample(clean, rate_hz, pesq::kRateHz));
  pesq::Signal degraded(octave_resample(estimate, rate_hz, pesq::kRateHz));
  if (!pesq::set_level(reference)) return none("the clean one is silent");
  if (!pesq::set_level(degraded)) return none("it is silent");
  input_filter(reference);
  input_filter(degraded);
  pesq::Listening listening(pesq::for_alignment(reference), pesq::for_alignment(degraded));
  const std::vector<pesq::Utterance> utterances = pesq::align(listening);
  if (utterances.empty()) return none("the clean one has no 200 ms of speech in one piece");
  return pesq::raw_score(reference, degraded, utterances);
}

/// From the raw score to a mean opinion score, 0.999..4.999 (P.862.1 and P.862.2 have one form).
double opinion(double raw, double slope, double offset) { return 0.999 + 4.0 / (1.0 + std::exp(offset - slope * raw)); }

}  // namespace

double pesq_wide_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                      const char** undefined) {
  return opinion(raw_pesq(clean, estimate, rate_hz, pesq::filter_wide_band, undefined), 1.3669, 3.8224);
}

double pesq_narrow_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                        const char** undefined) {
  return opinion(raw_pesq(clean, estimate, rate_hz, pesq::filter_narrow_band, undefined), 1.4945, 4.6607);
}

}  // namespace pellucid::metrics
