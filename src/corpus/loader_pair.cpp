#include "corpus/loader_pair.hpp"

#include <algorithm>
#include <cmath>

#include "corpus/augment.hpp"
#include "corpus/mix.hpp"
#include "corpus/room.hpp"
#include "corpus/synthesis.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : "+") + name;
  return text;
}

// Fills `out` with what `fill` gives, played at another speed.
template <typename Fill>
void at_speed(double speed, std::span<float> out, const Fill& fill) {
  if (speed == 1) return fill(out);
  thread_local std::vector<float> source;
  source.resize(static_cast<std::size_t>(std::ceil(static_cast<double>(out.size()) * speed)) + kSpeedMargin);
  fill(std::span<float>(source));
  change_speed(source, speed, out);
}

constexpr double kLowpassEdges_hz[] = {3400, 4000, 5500, 7000};

}  // namespace

PairMaker::PairMaker(const ClipSource& source, const MixOptions& options, Split split)
    : options_(options), split_(split), catalogue_(source, split) {
  if (catalogue_.speakers().empty() && options_.silence_probability < 1) {
    constexpr const char* kSplits[] = {"train", "valid", "test"};
    throw Error(ExitCode::kCorpus, "The corpus has no speech in its {} split; prepare it with more speakers.",
                kSplits[static_cast<int>(split)]);
  }
}

void PairMaker::fill_noise(std::size_t speaker, Random& rng, Random& extra, std::span<float> out,
                           std::vector<float>& response, Names* names) const {
  const double kind = rng.uniform();
  if (kind < options_.babble_probability) {
    if (catalogue_.fill_babble(speaker, random_int(rng, 3, 8), rng, out, names)) {
      if (names) names->insert(names->begin(), "babble");
      if (extra.chance(options_.babble_room_probability))
        response = simulate_room(random_room(extra), rate_hz(), extra);
      return;
    }
  }
  const bool synthetic = kind < options_.babble_probability + options_.synthetic_probability;
  if (!synthetic && !catalogue_.noises().empty()) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const double speed = extra.chance(options_.speed_probability) ? std::pow(2, extra.uniform(-0.5, 0.5)) : 1;
      at_speed(speed, out,
               [&](std::span<float> x) { catalogue_.fill_noise(catalogue_.draw_noise(rng), rng, x, names); });
      if (rms(out) > 1e-5) return;
    }
  }
  const SyntheticNoise chosen = kSyntheticNoises[rng.integer(kSyntheticNoises.size())];
  synthesize(chosen, rng, rate_hz(), out);
  if (names) names->emplace_back(name_of(chosen));
}

void PairMaker::draw_noise(std::size_t speaker, Random& rng, Random& extra, PairDraft& draft, Names* names) const {
  fill_noise(speaker, rng, extra, draft.noise, draft.noise_response, names);
  if (rng.chance(options_.second_noise_probability)) {
    draft.second.resize(draft.noise.size());
    fill_noise(speaker, rng, extra, draft.second, draft.second_response, names);
    draft.second_db = rng.uniform(-12, 3);
  }
  if (rng.chance(options_.equalizer_probability)) draft.noise_equalizer = random_equalizer(rng);
  if (rng.chance(options_.gain_ramp_probability)) draft.noise_ramp = random_gain_ramp(rng, 10);
  if (rng.chance(options_.transient_probability)) {
    const SyntheticNoise kind = rng.chance(0.5) ? SyntheticNoise::kClicks : SyntheticNoise::kKeys;
    draft.transients.resize(draft.noise.size());
    add_transients(kind, rng, rate_hz(), 1.0f, draft.transients);
    draft.transients_db = rng.uniform(-15, 0);
    if (names) names->emplace_back(std::string(name_of(kind)) + " on top");
  }
}

void PairMaker::draw_room(Random& rng, PairDraft& draft) const {
  std::vector<float>& response = draft.response;
  if (!catalogue_.rooms().empty() && rng.chance(0.7)) {
    const Clip& clip = catalogue_.source().clips()[catalogue_.rooms()[rng.integer(catalogue_.rooms().size())]];
    response.resize(std::min<std::size_t>(clip.frames, static_cast<std::size_t>(rate_hz())));
    catalogue_.source().read(clip, 0, response);
    // The direct sound is the highest peak; what lies before it is the recording's own delay.
    const auto peak = std::max_element(response.begin(), response.end(),
                                       [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    response.erase(response.begin(), peak);
  } else {
    response = simulate_room(random_room(rng), rate_hz(), rng);
  }
  const auto early =
      std::max<std::size_t>(1, static_cast<std::size_t>(options_.early_reflections_ms * 1e-3 * rate_hz()));
  std::vector<float>& kept = draft.early;
  kept.assign(response.begin(), response.begin() + static_cast<std::ptrdiff_t>(std::min(early, response.size())));
  // The last tenth fades, so that the target's echoes do not stop at an edge.
  for (std::size_t i = 0; early < response.size() && i < kept.size() / 10; ++i)
    kept[kept.size() - 1 - i] *= static_cast<float>(i) / static_cast<float>(kept.size() / 10);
}

PairDraft PairMaker::draw(std::uint64_t seed, std::uint64_t index, std::size_t samples, PairInfo* info) const {
  Random rng(seed, static_cast<std::uint64_t>(split_), index);
  // What came later draws from a stream of its own: with its probability at 0 older recipes give their old pairs.
  Random extra(seed, static_cast<std::uint64_t>(split_), index, 1);
  PairDraft draft;

  // Everything about the pair as a whole is drawn first, in one order, whatever the options say.
  const double what = rng.uniform();
  const bool silent = what < options_.silence_probability;
  draft.pure = !silent && what < options_.silence_probability + options_.clean_probability;
  const bool high = rng.chance(options_.high_snr_probability);
  const double snr_low_db = rng.uniform(options_.snr_min_db, options_.snr_max_db), snr_high_db = rng.uniform(30, 40);
  draft.snr_db = high ? snr_high_db : snr_low_db;
  draft.level_dbfs = rng.uniform(options_.level_min_dbfs, options_.level_max_dbfs);
  const bool room = rng.chance(options_.room_probability) && !draft.pure && !silent;
  const bool narrow = rng.chance(options_.lowpass_probability);
  const bool resampled = options_.resampler_probability > 0 && extra.chance(options_.resampler_probability);
  const bool clipped = rng.chance(options_.clip_probability) && !draft.pure;
  const bool quantized = rng.chance(options_.quantize_probability) && !draft.pure;
  Names speech_names, noise_names;
  Names* const speech_log = info ? &speech_names : nullptr;
  Names* const noise_log = info ? &noise_names : nullptr;

  if (narrow) {
    draft.band = lowpass(kLowpassEdges_hz[rng.integer(std::size(kLowpassEdges_hz))], rate_hz());
  } else if (resampled) {
    draft.band = lowpass(extra.uniform(7000, 7900), rate_hz());
  }

  std::size_t speaker = catalogue_.speakers().size();
  draft.speech.resize(samples);
  if (!silent) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      speech_names.clear();
      speaker = catalogue_.draw_speaker(rng);
      const double speed = extra.chance(options_.speed_probability) ? extra.uniform(0.85, 1.15) : 1;
      at_speed(speed, draft.speech, [&](std::span<float> x) { catalogue_.fill_speech(speaker, rng, x, speech_log); });
      if (rms(draft.speech) > 0.005) break;  // 20 dB below the clips' active level: nearly nothing but pauses
    }
    if (rng.chance(options_.equalizer_probability)) draft.speech_equalizer = random_equalizer(rng);
    if (rng.chance(options_.gain_ramp_probability * 0.5)) draft.speech_ramp = random_gain_ramp(rng, 5);
  }
  if (room) draw_room(rng, draft);

  draft.noise.resize(samples);
  if (!draft.pure) draw_noise(speaker, rng, extra, draft, noise_log);

  if (clipped) {
    draft.clip_db = rng.uniform(-14, -1);
    draft.clipping = rng.chance(0.3) ? PairDraft::Clipping::kSoft : PairDraft::Clipping::kHard;
  }
  if (quantized) {
    const double how = rng.uniform();
    draft.bits = how < 0.4 ? 16 : how < 0.75 ? PairDraft::kMuLaw : random_int(rng, 9, 13);
  }
  if (info)
    *info = {draft.pure ? HUGE_VAL
             : silent   ? -HUGE_VAL
                        : draft.snr_db,
             draft.level_dbfs, join(speech_names), join(noise_names)};
  return draft;
}

void PairMaker::make(std::uint64_t seed, std::uint64_t index, std::span<float> noisy, std::span<float> clean,
                     PairInfo* info) const {
  if (noisy.size() != clean.size()) throw Error(ExitCode::kInternal, "make_pair: noisy and clean differ in length.");
  PairDraft draft = draw(seed, index, noisy.size(), info);
  const double level_dbfs = mix(draft, rate_hz(), noisy, clean);
  if (info) info->level_dbfs = level_dbfs;
}

void make_pair(const Corpus& corpus, const MixOptions& options, Split split, std::uint64_t seed, std::uint64_t index,
               std::span<float> noisy, std::span<float> clean, PairInfo* info) {
  const CorpusClips clips(corpus);
  PairMaker(clips, options, split).make(seed, index, noisy, clean, info);
}

}  // namespace pellucid::corpus
