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

/// The raw score of P.862 after one of the input filters; NaN where there is none.
double raw_pesq(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                void (*input_filter)(pesq::Signal&)) {
  require_pair(clean, estimate);
  require_rate(rate_hz);
  require_finite(clean, "clean");
  require_finite(estimate, "other");
  constexpr double kShortestSeconds = 0.25, kLongestSeconds = 240;
  const double seconds = static_cast<double>(clean.size()) / rate_hz;
  if (rate_hz < pesq::kRateHz || seconds < kShortestSeconds || seconds > kLongestSeconds) return kNan;

  pesq::Signal reference(octave_resample(clean, rate_hz, pesq::kRateHz));
  pesq::Signal degraded(octave_resample(estimate, rate_hz, pesq::kRateHz));
  if (!pesq::set_level(reference) || !pesq::set_level(degraded)) return kNan;
  input_filter(reference);
  input_filter(degraded);
  pesq::Listening listening(pesq::for_alignment(reference), pesq::for_alignment(degraded));
  const std::vector<pesq::Utterance> utterances = pesq::align(listening);
  return utterances.empty() ? kNan : pesq::raw_score(reference, degraded, utterances);
}

/// From the raw score to a mean opinion score, 0.999..4.999 (P.862.1 and P.862.2 have one form).
double opinion(double raw, double slope, double offset) { return 0.999 + 4.0 / (1.0 + std::exp(offset - slope * raw)); }

}  // namespace

double pesq_wide_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  return opinion(raw_pesq(clean, estimate, rate_hz, pesq::filter_wide_band), 1.3669, 3.8224);
}

double pesq_narrow_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz) {
  return opinion(raw_pesq(clean, estimate, rate_hz, pesq::filter_narrow_band), 1.4945, 4.6607);
}

}  // namespace pellucid::metrics
