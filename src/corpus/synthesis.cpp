#include "corpus/synthesis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "corpus/augment.hpp"
#include "corpus/mix.hpp"

namespace pellucid::corpus {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr std::array<std::string_view, kSyntheticNoises.size()> kNames = {"white", "pink", "brown",  "coloured", "hum",
                                                                          "wind",  "fan",  "clicks", "keys"};

float to_gain(double db) { return static_cast<float>(std::pow(10, db / 20)); }

void set_rms(double wanted, std::span<float> x) {
  const double now = rms(x);
  if (now <= 0) return;
  const auto gain = static_cast<float>(wanted / now);
  for (float& v : x) v *= gain;
}

// First-order pole and zero pairs that follow one another: over many octaves a slope between them.
struct PoleZero {
  float pole, zero, gain, x1 = 0, y1 = 0;
};

void hum(Random& rng, int rate_hz, std::span<float> out) {
  constexpr int kTable = 2048;
  const double base_hz = rng.chance(0.5) ? 50 : 60;
  const int harmonics = std::min(random_int(rng, 6, 25), static_cast<int>(0.45 * rate_hz / base_hz));
  const double decay = rng.uniform(0.6, 1.6), even = rng.uniform(0.1, 1.0);
  std::vector<float> table(kTable + 1, 0.0f);
  for (int h = 1; h <= harmonics; ++h) {
    const double amplitude = std::pow(h, -decay) * (h % 2 == 0 ? even : 1.0) * rng.uniform(0.3, 1.0);
    const double phase = rng.uniform(0, 2 * kPi), step = 2 * kPi * h / kTable;
    double c = amplitude * std::cos(phase), s = amplitude * std::sin(phase);
    const double turn_c = std::cos(step), turn_s = std::sin(step);
    for (int i = 0; i < kTable; ++i) {
      table[static_cast<std::size_t>(i)] += static_cast<float>(s);
      const double next_c = c * turn_c - s * turn_s;
      s = s * turn_c + c * turn_s;
      c = next_c;
    }
  }
  table[kTable] = table[0];
  const double offset_hz = rng.uniform(-0.25, 0.25), drift_hz = rng.uniform(0, 0.05), drift_rate = rng.uniform(0.1, 1);
  double phase = 0;
  for (std::size_t start = 0; start < out.size(); start += 256) {
    const double t = static_cast<double>(start) / rate_hz;
    const double hz = base_hz + offset_hz + drift_hz * std::sin(2 * kPi * drift_rate * t);
    const double step = hz / rate_hz * kTable;
    for (std::size_t i = start; i < std::min(start + 256, out.size()); ++i) {
      const auto k = static_cast<std::size_t>(phase);
      const auto part = static_cast<float>(phase - static_cast<double>(k));
      out[i] = table[k] + part * (table[k + 1] - table[k]);
      phase += step;
      if (phase >= kTable) phase -= kTable;
    }
  }
  set_rms(0.1, out);
  const float hiss = 0.1f * to_gain(rng.uniform(-50, -20));
  for (float& v : out) v += hiss * quick_normal(rng);
}

// A slow random gain, smooth to the eye: straight lines through squared noise every `period_s`.
void modulate(Random& rng, int rate_hz, double period_s, double depth, std::span<float> x) {
  const auto period = std::max<std::size_t>(1, static_cast<std::size_t>(period_s * rate_hz));
  const auto draw = [&] { return 1 - depth + depth * std::pow(rng.uniform(), 2) * 3; };
  double from = draw();
  for (std::size_t start = 0; start < x.size(); start += period) {
    const double to = draw();
    const std::size_t end = std::min(start + period, x.size());
    const auto step = static_cast<float>((to - from) / static_cast<double>(period));
    for (std::size_t i = start; i < end; ++i) x[i] *= static_cast<float>(from) + step * static_cast<float>(i - start);
    from = to;
  }
}

void wind(Random& rng, int rate_hz, std::span<float> out) {
  tilted_noise(rng.uniform(-8, -5), rng, rate_hz, out);
  BiquadCascade filter;
  const BiquadCascade rumble = highpass(rng.uniform(15, 40), rate_hz);
  filter.add(rumble.sections[0]);
  filter.add(bandpass(rng.uniform(60, 300), 0.5, rate_hz));
  run_filter(filter, out);
  modulate(rng, rate_hz, rng.uniform(0.15, 0.8), 0.95, out);
  // The flapping that a microphone's membrane makes of turbulence.
  modulate(rng, rate_hz, rng.uniform(0.02, 0.06), rng.uniform(0.2, 0.7), out);
}

void fan(Random& rng, int rate_hz, std::span<float> out) {
  tilted_noise(rng.uniform(-6, -2), rng, rate_hz, out);
  set_rms(0.1, out);
  std::vector<float> band(out.size());
  const int bands = random_int(rng, 1, 3);
  for (int k = 0; k < bands; ++k) {
    for (float& v : band) v = quick_normal(rng);
    BiquadCascade filter;
    filter.add(bandpass(80 * std::pow(40, rng.uniform()), rng.uniform(0.7, 4), rate_hz));
    run_filter(filter, band);
    set_rms(0.1 * static_cast<double>(to_gain(rng.uniform(-12, 3))), band);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += band[i];
  }
  const double blade_hz = rng.uniform(40, 350);
  const int tones = random_int(rng, 0, 5);
  for (int k = 1; k <= tones; ++k) {
    const double step = 2 * kPi * blade_hz * k / rate_hz;
    const auto amplitude = static_cast<double>(0.1f * to_gain(rng.uniform(-30, -8)));
    double s = 0, c = amplitude;
    const double turn_c = std::cos(step), turn_s = std::sin(step);
    for (float& v : out) {
      v += static_cast<float>(s);
      const double next_c = c * turn_c - s * turn_s;
      s = s * turn_c + c * turn_s;
      c = next_c;
    }
  }
}

// A decaying burst: two resonances and noise, from a hard strike.
void add_burst(Random& rng, int rate_hz, double decay_ms, double low_hz, double high_hz, float amplitude,
               std::span<float> out) {
  const std::size_t size = std::min(out.size(), static_cast<std::size_t>(decay_ms * 7e-3 * rate_hz) + 2);
  const auto keep = static_cast<float>(std::exp(-1e3 / (decay_ms * rate_hz)));
  float phases[2], steps[2];
  for (int k = 0; k < 2; ++k) {
    phases[k] = static_cast<float>(rng.uniform(0, 2 * kPi));
    steps[k] = static_cast<float>(2 * kPi * rng.uniform(low_hz, high_hz) / rate_hz);
  }
  const auto noisy = static_cast<float>(rng.uniform(0.2, 0.9));
  float envelope = amplitude;
  for (std::size_t i = 0; i < size; ++i, envelope *= keep) {
    const auto t = static_cast<float>(i);
    const float tone = 0.5f * (std::sin(phases[0] + steps[0] * t) + std::sin(phases[1] + steps[1] * t));
    out[i] += envelope * ((1 - noisy) * tone + noisy * 0.5f * quick_normal(rng));
  }
}

}  // namespace

std::string_view name_of(SyntheticNoise kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<SyntheticNoise> synthetic_noise(std::string_view name) {
  for (const SyntheticNoise kind : kSyntheticNoises) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

void tilted_noise(double slope_db_per_octave, Random& rng, int rate_hz, std::span<float> out) {
  constexpr int kPairs = 8;
  const double low_hz = 12, high_hz = 0.5 * rate_hz;
  const double ratio = std::pow(high_hz / low_hz, 1.0 / kPairs);
  // A pole at f and a zero at f * ratio^share give -6.02 * share dB an octave on average.
  const double share = -slope_db_per_octave / 6.0206;
  PoleZero pairs[kPairs];
  for (int k = 0; k < kPairs; ++k) {
    const double corner = low_hz * std::pow(ratio, k + 0.5);
    const double pole_hz = corner * std::pow(ratio, -share / 2), zero_hz = corner * std::pow(ratio, share / 2);
    const double pole = std::exp(-2 * kPi * pole_hz / rate_hz), zero = std::exp(-2 * kPi * zero_hz / rate_hz);
    pairs[k] = {static_cast<float>(pole), static_cast<float>(zero), static_cast<float>((1 - pole) / (1 - zero))};
  }
  // The filters begin in their steady state, not at rest: low frequencies need a while to build up.
  const std::size_t warm_up = static_cast<std::size_t>(rate_hz) / 16;
  for (std::size_t i = 0; i < out.size() + warm_up; ++i) {
    float v = quick_normal(rng);
    for (PoleZero& f : pairs) {
      const float y = f.pole * f.y1 + f.gain * (v - f.zero * f.x1);
      f.x1 = v;
      f.y1 = y;
      v = y;
    }
    if (i >= warm_up) out[i - warm_up] = v;
  }
}

void add_transients(SyntheticNoise kind, Random& rng, int rate_hz, float amplitude, std::span<float> out) {
  const bool keys = kind == SyntheticNoise::kKeys;
  const double rate = keys ? rng.uniform(2, 9) : rng.uniform(0.7, 6);
  // One keyboard, one kind of click: the sound's character is drawn once.
  const double low_hz = rng.uniform(300, 1500), high_hz = std::min(0.45 * rate_hz, low_hz * rng.uniform(2, 6));
  const double decay_ms = keys ? rng.uniform(2, 12) : rng.uniform(0.15, 4);
  double at_s = rng.uniform(0, 0.3);
  const double end_s = static_cast<double>(out.size()) / rate_hz;
  bool any = false;
  while (at_s < end_s || !any) {
    if (at_s >= end_s) at_s = rng.uniform(0, end_s);
    any = true;
    const float strength = amplitude * to_gain(rng.uniform(-12, 0));
    const auto hit = [&](double t_s, float gain, double ms) {
      const auto at = static_cast<std::size_t>(t_s * rate_hz);
      if (at < out.size()) add_burst(rng, rate_hz, ms, low_hz, high_hz, gain, out.subspan(at));
    };
    hit(at_s, strength, decay_ms);
    if (keys) {
      hit(at_s + rng.uniform(0.004, 0.015), strength * 0.6f, decay_ms * 1.5);
      hit(at_s + rng.uniform(0.06, 0.13), strength * to_gain(rng.uniform(-12, -3)), decay_ms);
    } else if (rng.chance(0.2)) {
      const int crackles = random_int(rng, 3, 20);
      for (int k = 0; k < crackles; ++k) hit(at_s + rng.uniform(0, 0.15), strength * to_gain(rng.uniform(-15, 0)), 0.2);
    }
    at_s += -std::log(1 - rng.uniform()) / rate;
  }
}

void synthesize(SyntheticNoise kind, Random& rng, int rate_hz, std::span<float> out) {
  switch (kind) {
    case SyntheticNoise::kWhite:
      for (float& v : out) v = quick_normal(rng);
      break;
    case SyntheticNoise::kPink:
      tilted_noise(-3.0103, rng, rate_hz, out);
      break;
    case SyntheticNoise::kBrown:
      tilted_noise(-6.0206, rng, rate_hz, out);
      break;
    case SyntheticNoise::kColoured:
      tilted_noise(rng.uniform(-9, 3), rng, rate_hz, out);
      break;
    case SyntheticNoise::kHum:
      hum(rng, rate_hz, out);
      break;
    case SyntheticNoise::kWind:
      wind(rng, rate_hz, out);
      break;
    case SyntheticNoise::kFan:
      fan(rng, rate_hz, out);
      break;
    case SyntheticNoise::kClicks:
    case SyntheticNoise::kKeys: {
      tilted_noise(-3.0103, rng, rate_hz, out);
      set_rms(static_cast<double>(to_gain(rng.uniform(-60, -40))), out);
      add_transients(kind, rng, rate_hz, 1.0f, out);
      break;
    }
  }
  set_rms(0.1, out);
}

}  // namespace pellucid::corpus
