// What every shipped model has to leave alone: clean speech at any level, silence, bandwidth, the peace of a full-scale
// signal; and what it may not leave: noise where nobody speaks. Speech of speakers that training never heard.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <pellucid/pellucid.hpp>
#include <random>

#include "audio/sound.hpp"
#include "metrics/metrics.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using Samples = std::vector<float>;
const std::string kSource = PELLUCID_SOURCE_DIR;
constexpr int kRate = 16000;

double level_db(std::span<const float> x) {
  double sum = 0;
  for (const float v : x) sum += double(v) * v;
  return 10 * std::log10(sum / double(x.size()) + 1e-20);
}

Samples scaled(Samples x, double gain_db) {
  for (float& v : x) v *= float(std::pow(10, gain_db / 20));
  return x;
}

float peak(const Samples& x) {
  float peak = 0;
  for (const float v : x) peak = std::max(peak, std::fabs(v));
  return peak;
}

/// Without what is below 60 Hz, where PESQ jumps by 2 for a change of 0.4 dB in a thump of breath (docs/measuring.md):
/// a Butterworth filter of second order, twice.
Samples without_rumble(Samples x) {
  const double w = std::tan(std::numbers::pi * 60 / kRate), a0 = 1 + std::numbers::sqrt2 * w + w * w;
  const double a1 = 2 * (w * w - 1) / a0, a2 = (1 - std::numbers::sqrt2 * w + w * w) / a0;
  for (int twice = 0; twice < 2; ++twice) {
    double z1 = 0, z2 = 0;
    for (float& v : x) {
      const double z0 = v / a0 - a1 * z1 - a2 * z2;
      v = float(z0 - 2 * z1 + z2);
      z2 = z1;
      z1 = z0;
    }
  }
  return x;
}

/// Energy from `low_hz` to `high_hz`, by a DFT of Hann frames of 32 ms.
double band_db(const Samples& x, int rate_hz, double low_hz, double high_hz) {
  const int size = rate_hz * 32 / 1000;
  double sum = 0;
  for (std::size_t start = 0; start + std::size_t(size) <= x.size(); start += std::size_t(size)) {
    for (int k = int(low_hz * size / rate_hz); k < int(high_hz * size / rate_hz); ++k) {
      double re = 0, im = 0;
      for (int i = 0; i < size; ++i) {
        const double w = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / size), a = 2 * std::numbers::pi * k * i / size;
        re += w * double(x[start + std::size_t(i)]) * std::cos(a);
        im += w * double(x[start + std::size_t(i)]) * std::sin(a);
      }
      sum += re * re + im * im;
    }
  }
  return 10 * std::log10(sum + 1e-20);
}

/// What each model is held to; the goal is 0.1 % for all.
struct Bounds {
  const char* model;
  double cut_share;       // of the active frames of clean speech, weakened by more than 6 dB
  double band_db;         // by which a band of telephone speech may change
  double alone_db;        // the most that is left of noise alone, against what came in
  double adaptive_share;  // of the change to clean speech that is left with adaptive denoising
};

class DoNoHarm : public testing::TestWithParam<Bounds> {
 protected:
  /// Time-aligned with the input.
  Samples denoised(const Samples& x, int rate_hz = kRate, bool adaptive = false) const {
    const std::string model = slurp(kSource + "/models/" + GetParam().model + ".safetensors");
    Denoiser denoiser(model.data(), model.size(), std::uint32_t(rate_hz));
    denoiser.set_adaptive(adaptive);
    Samples in = x;
    in.resize(x.size() + denoiser.latency_samples());
    Samples out(in.size());
    denoiser.process_interleaved(in.data(), out.data(), in.size());
    return {out.begin() + denoiser.latency_samples(), out.end()};
  }

  static std::vector<Samples> speech() {
    std::vector<Samples> clips;
    for (const char* name : {"010", "046", "056"})
      clips.push_back(audio::load(kSource + "/tests/data/metrics/clean/" + name + ".flac").samples);
    return clips;
  }

  /// Of a noisy clip, without the speech.
  static Samples noise(const std::string& name, const Samples& clean) {
    Samples noise = audio::load(kSource + "/tests/data/metrics/noisy/" + name + ".flac").samples;
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] -= clean[i];
    return noise;
  }
};

TEST_P(DoNoHarm, CleanSpeechStaysCleanAtAnyLevel) {
  for (const double level_dbfs : {-50.0, -35.0, -20.0, -3.0}) {
    double score = 0;
    int active = 0, cut = 0;
    const auto clips = speech();
    for (const Samples& clip : clips) {
      const double room_db = -0.1 - 20 * std::log10(double(peak(clip)));
      const Samples clean = scaled(clip, std::min(level_dbfs - level_db(clip), room_db)), out = denoised(clean);
      const double pesq = metrics::pesq_wide_band(without_rumble(clean), without_rumble(out), kRate);
      EXPECT_GE(pesq, 4.0) << level_dbfs << " dBFS";
      score += pesq / double(clips.size());
      constexpr std::size_t kFrame = kRate / 50;
      for (std::size_t i = 0; i + kFrame <= clean.size(); i += kFrame) {
        const std::span<const float> frame(clean.data() + i, kFrame);
        if (level_db(frame) < level_db(clean) - 15.9) continue;
        ++active;
        const double left_db = level_db(std::span<const float>(out.data() + i, kFrame));
        cut += left_db < level_db(frame) - 6;
      }
    }
    EXPECT_GT(active, 300);
    EXPECT_LE(cut, active * GetParam().cut_share) << "of " << active << " active frames, at " << level_dbfs << " dBFS";
    RecordProperty("pesq_at_" + std::to_string(int(-level_dbfs)) + "_below_full_scale", std::to_string(score));
  }
}

TEST_P(DoNoHarm, AdaptiveLeavesCleanSpeechAlone) {
  for (const Samples& clip : speech()) {
    const Samples out = denoised(clip, kRate, true), full = denoised(clip);
    double change = 0, change_full = 0;
    for (std::size_t i = kRate * 2; i < clip.size(); ++i) {
      change += std::pow(double(out[i]) - clip[i], 2);
      change_full += std::pow(double(full[i]) - clip[i], 2);
    }
    EXPECT_LT(change, GetParam().adaptive_share * change_full);
  }
}

TEST_P(DoNoHarm, IntelligibilityNeverFallsWhereThereIsLittleNoise) {
  for (const char* name : {"010", "046", "056"}) {
    const Samples clean = audio::load(kSource + "/tests/data/metrics/clean/" + name + ".flac").samples;
    const Samples noise = DoNoHarm::noise(name, clean);
    for (const double snr_db : {10.0, 15.0, 20.0, 30.0}) {
      Samples mixed = scaled(noise, level_db(clean) - snr_db - level_db(noise));
      for (std::size_t i = 0; i < clean.size(); ++i) mixed[i] += clean[i];
      EXPECT_GE(metrics::stoi(clean, denoised(mixed), kRate), metrics::stoi(clean, mixed, kRate) - 0.01)
          << name << " at " << snr_db << " dB";
    }
  }
}

TEST_P(DoNoHarm, QuietSpeechInNoiseIsHeardToo) {
  for (const char* name : {"010", "046", "056"}) {
    const Samples clean = audio::load(kSource + "/tests/data/metrics/clean/" + name + ".flac").samples;
    const Samples noise = DoNoHarm::noise(name, clean);
    Samples mixed = scaled(noise, level_db(clean) - 5 - level_db(noise));
    for (std::size_t i = 0; i < clean.size(); ++i) mixed[i] += clean[i];
    const double usual_db = -25 - level_db(clean);
    for (const double quiet_db : {-15.0, -30.0}) {
      const double usual = metrics::si_sdr(clean, denoised(scaled(mixed, usual_db)));
      const double quiet = metrics::si_sdr(clean, denoised(scaled(mixed, usual_db + quiet_db)));
      EXPECT_GE(quiet, usual - 2) << name << ", " << -quiet_db << " dB weaker";
    }
  }
}

TEST_P(DoNoHarm, NoiseAloneStaysAwayForTwentySeconds) {
  std::vector<Samples> noises;
  for (const char* name : {"010", "046"})  // 056 has a sound that they take for a voice
    noises.push_back(noise(name, audio::load(kSource + "/tests/data/metrics/clean/" + name + ".flac").samples));
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-0.03f, 0.03f);
  for (float& v : noises.emplace_back(kRate * 5)) v = uniform(random);
  for (std::size_t n = 0; n < noises.size(); ++n) {
    Samples x;
    while (x.size() < 20 * kRate) x.insert(x.end(), noises[n].begin(), noises[n].end());
    const Samples out = denoised(x);
    const auto later = [](const Samples& all) { return std::span(all).subspan(kRate); };
    EXPECT_LE(level_db(later(out)) - level_db(later(x)), GetParam().alone_db) << "noise " << n;
  }
}

TEST_P(DoNoHarm, SilenceStaysSilent) {
  EXPECT_EQ(peak(denoised(Samples(kRate, 0.0f))), 0);
  std::mt19937 random(1);
  Samples last_bit(kRate * 2);
  for (float& v : last_bit) v = float(int(random() % 3) - 1) / 32768;
  EXPECT_LE(level_db(denoised(last_bit)), level_db(last_bit));
}

TEST_P(DoNoHarm, NothingBlowsUp) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Samples noise(kRate * 2), square(kRate * 2), chord(kRate * 2), steps(kRate * 2);
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const double t = double(i) / kRate;
    noise[i] = uniform(random);
    square[i] = std::fmod(t * 100, 1) < 0.5 ? 1.0f : -1.0f;
    for (const double f : {220.0, 277.2, 329.6, 440.0, 1318.5})
      chord[i] += float(0.19 * std::sin(2 * std::numbers::pi * f * t) * std::exp(-3 * std::fmod(t, 0.5)));
    steps[i] = std::fmod(t, 0.25) < 0.125 ? float(0.99 * std::sin(2 * std::numbers::pi * 1000 * t)) : 0.0f;
  }
  for (const Samples& x : {noise, square, chord, steps}) {
    const Samples out = denoised(x);
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](float v) { return std::isfinite(v); }));
    EXPECT_LE(peak(out), 1.5f * peak(x));
    EXPECT_LE(level_db(out), level_db(x) + 0.5);
  }
}

TEST_P(DoNoHarm, TelephoneSpeechKeepsItsBand) {
  for (const Samples& clip : speech()) {
    const Samples phone = audio::resample(clip, kRate, 8000);
    const Samples out = denoised(phone, 8000);
    for (const double low_hz : {300.0, 1000.0, 2000.0, 3000.0})
      EXPECT_NEAR(band_db(out, 8000, low_hz, low_hz * 1.15), band_db(phone, 8000, low_hz, low_hz * 1.15),
                  GetParam().band_db)
          << low_hz;
    EXPECT_GT(metrics::stoi(phone, out, 8000), 0.97);
    // The same call, brought to 16 kHz by a gateway: nothing appears above its band.
    const Samples wide = audio::resample(phone, 8000, kRate), cleaned = denoised(wide);
    EXPECT_LE(band_db(cleaned, kRate, 4200, 7900), band_db(wide, kRate, 300, 3400) - 80);
    EXPECT_NEAR(band_db(cleaned, kRate, 2500, 3400), band_db(wide, kRate, 2500, 3400), GetParam().band_db);
  }
}

// No free recording of sentences at 48 kHz is at hand: what the speech has above 4 kHz, mirrored at 8 kHz, stands for
// the upper band; it rises and falls with the speech, as sibilants do.
TEST_P(DoNoHarm, FullBandSpeechKeepsItsBand) {
  for (const Samples& clip : speech()) {
    Samples high = clip;
    for (int order = 0; order < 4; ++order)
      for (std::size_t i = high.size(); i-- > 1;) high[i] = 0.5f * (high[i] - high[i - 1]);
    const Samples base = audio::resample(high, kRate, 2 * kRate);
    Samples image(base.size());
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = (i % 2 == 0 ? 2 * high[i / 2] : 0.0f) - base[i];
    Samples wide = audio::resample(clip, kRate, 48000);
    const Samples top = audio::resample(image, 2 * kRate, 48000);
    for (std::size_t i = 0; i < wide.size(); ++i) wide[i] += top[i];
    const Samples out = denoised(wide, 48000);
    for (const double low_hz : {1000.0, 4000.0, 6000.0, 8500.0, 10000.0})
      EXPECT_NEAR(band_db(out, 48000, low_hz, low_hz * 1.15), band_db(wide, 48000, low_hz, low_hz * 1.15), 2) << low_hz;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, DoNoHarm,
                         testing::Values(Bounds{"nano", 0.01, 3, -30, 0.9}, Bounds{"small", 0.001, 1.5, -35, 0.5},
                                         Bounds{"base", 0.001, 1.5, -35, 0.5}, Bounds{"large", 0.001, 1.5, -35, 0.5}),
                         [](const auto& model) { return model.param.model; });

}  // namespace
}  // namespace pellucid::cli
