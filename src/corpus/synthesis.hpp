// Noise made from numbers: nothing recorded, no licence, no end.
//
//   std::vector<float> x(64000);
//   synthesize(SyntheticNoise::kWind, rng, 16000, x);   // RMS about 0.1, no exact level
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "corpus/mix_random.hpp"

namespace pellucid::corpus {

enum class SyntheticNoise { kWhite, kPink, kBrown, kColoured, kHum, kWind, kFan, kClicks, kKeys };

inline constexpr std::array kSyntheticNoises = {
    SyntheticNoise::kWhite,    SyntheticNoise::kPink,   SyntheticNoise::kBrown,
    SyntheticNoise::kColoured, SyntheticNoise::kHum,    SyntheticNoise::kWind,
    SyntheticNoise::kFan,      SyntheticNoise::kClicks, SyntheticNoise::kKeys};

/// "white", "pink", …; the names that `pellucid mix --noise` takes.
std::string_view name_of(SyntheticNoise kind);
std::optional<SyntheticNoise> synthetic_noise(std::string_view name);

/// Fills `out` with a random example of a kind at RMS 0.1 (silence stays possible for no kind).
///   white     flat
///   pink      -3.01 dB an octave, brown -6.02, coloured any slope from -9 to +3
///   hum       50 or 60 Hz (+-0.3, drifting) with up to 25 harmonics, a little hiss beside
///   wind      low-passed rumble in gusts
///   fan       steady broad bands with blade tones
///   clicks    sparse impulses and short crackles over a faint floor
///   keys      typing: each key a press and a release, resonant and a few milliseconds long, over a faint floor
void synthesize(SyntheticNoise kind, Random& rng, int rate_hz, std::span<float> out);

/// Noise whose power density falls or rises by this slope between 20 Hz and 0.45 of the rate. RMS is not set.
void tilted_noise(double slope_db_per_octave, Random& rng, int rate_hz, std::span<float> out);

/// Adds clicks or key strokes at random times, peak about `amplitude`.
void add_transients(SyntheticNoise kind, Random& rng, int rate_hz, float amplitude, std::span<float> out);

}  // namespace pellucid::corpus
