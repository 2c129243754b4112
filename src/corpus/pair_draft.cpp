#include "corpus/pair_draft.hpp"

#include <algorithm>
#include <cmath>

#include "corpus/mix.hpp"
#include "corpus/room.hpp"

namespace pellucid::corpus {
namespace {

// Adds `layer` at `db` against the RMS of x; one that is as good as silent stays as it is.
void add_at(double db, std::span<float> layer, std::span<float> x) {
  const double wanted = rms(x) * std::pow(10, db / 20), now = rms(layer);
  if (now >= kLeastNoiseRms) {
    const auto gain = static_cast<float>(wanted / now);
    for (float& v : layer) v *= gain;
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += layer[i];
}

void hear_in_room(const std::vector<float>& response, std::span<float> x) {
  if (!response.empty()) convolve_two(x, response, {}, x, {});
}

void mix_noise(PairDraft& draft) {
  const std::span<float> noise(draft.noise);
  hear_in_room(draft.noise_response, noise);
  if (!draft.second.empty()) {
    hear_in_room(draft.second_response, draft.second);
    add_at(draft.second_db, draft.second, noise);
  }
  run_filter(draft.noise_equalizer, noise);
  apply_ramp(draft.noise_ramp, noise);
  if (!draft.transients.empty()) add_at(draft.transients_db, draft.transients, noise);
  run_filter(draft.band, noise);
}

void damage(const PairDraft& draft, std::span<float> noisy) {
  if (draft.clipping != PairDraft::Clipping::kNone) {
    const float limit = peak(noisy) * static_cast<float>(std::pow(10, draft.clip_db / 20));
    if (limit > 0) draft.clipping == PairDraft::Clipping::kSoft ? clip_soft(limit, noisy) : clip_hard(limit, noisy);
  }
  if (draft.bits == PairDraft::kMuLaw) quantize_mu_law(noisy);
  if (draft.bits > 0) quantize_linear(draft.bits, noisy);
}

}  // namespace

double mix(PairDraft& draft, int rate_hz, std::span<float> noisy, std::span<float> clean) {
  const std::span<float> target(draft.speech), noise(draft.noise);
  run_filter(draft.speech_equalizer, target);
  apply_ramp(draft.speech_ramp, target);
  std::span<float> wet = target;
  if (!draft.response.empty()) {
    wet = noisy;
    convolve_two(target, draft.response, draft.early, wet, target);
    run_filter(draft.band, wet);
  }
  run_filter(draft.band, target);
  if (!draft.pure) mix_noise(draft);

  const MixGains gains =
      solve_gains({target, wet, noise}, rate_hz, {draft.snr_db, draft.level_dbfs, kPeakLimit, SnrMode::kActive});
  for (std::size_t i = 0; i < noisy.size(); ++i) {
    clean[i] = gains.speech * target[i];
    noisy[i] = gains.speech * wet[i] + gains.noise * noise[i];
  }
  if (draft.pure) std::copy(clean.begin(), clean.end(), noisy.begin());
  damage(draft, noisy);
  return gains.level_dbfs;
}

}  // namespace pellucid::corpus
