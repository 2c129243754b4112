#include "training/objective.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "dsp/fft.hpp"
#include "training/kernels.hpp"
#include "training/loss_weights.hpp"

namespace pellucid::training {
namespace {

using Floats = std::vector<float>;
constexpr float kFloor = 1e-8f;        // power under which a bin counts as empty, as in losses.cpp
constexpr float kInputFloor = 1e-12f;  // docs/network.md, step 1

/// The roots of the powers in bands of the frames `active` of [frames][bins].
template <typename Power>
void envelopes_of(const std::vector<BandBins>& bands, const std::vector<int>& active, int bins, Power power,
                  Floats* to) {
  to->clear();
  for (const BandBins& band : bands) {
    for (const int t : active) {
      float sum = kEnvelopeFloor;
      for (int k = band.low; k < band.high; ++k) sum += power(t * bins + k);
      to->push_back(std::sqrt(sum));
    }
  }
}

// The spectral distance of `frames` rows of `bins`, and its gradient, scaled. Bin k counts `weights[k]`.
double spectral(int frames, int bins, const LossOptions& o, float scale, const float* __restrict weights,
                const float* __restrict yr, const float* __restrict yi, const float* __restrict sr,
                const float* __restrict si, const float* __restrict sm, float* __restrict dr, float* __restrict di) {
  const float wm = float(o.magnitude) * scale, wc = float(o.complex) * scale, over = float(o.over_suppression);
  constexpr int kLanes = 16;
  double sum = 0;
  const auto add = [&](int i, int k) {
    const float em = std::sqrt(yr[i] * yr[i] + yi[i] * yi[i] + kFloor);
    const float d = sm[i] - em, er = yr[i] - sr[i], ei = yi[i] - si[i];
    const float m = d > 0 ? wm * weights[k] * (1 + over) : wm * weights[k], c = wc * weights[k];
    const float g = -2 * m * d / em;
    dr[i] = g * yr[i] + 2 * c * er;
    di[i] = g * yi[i] + 2 * c * ei;
    return d * d * m + c * (er * er + ei * ei);
  };
  for (int t = 0; t < frames; ++t) {
    float lanes[kLanes] = {};
    const int row = t * bins;
    int k = 0;
    for (; k + kLanes <= bins; k += kLanes)
      for (int l = 0; l < kLanes; ++l) lanes[l] += add(row + k + l, k + l);
    for (; k < bins; ++k) lanes[0] += add(row + k, k);
    for (const float lane : lanes) sum += lane;
  }
  return sum;
}

}  // namespace

struct Objective::Item {
  Floats xr, xi, nyquist;  // noisy, compressed; the Nyquist bin as it is
  Floats sr, si, sm;       // clean, compressed with the loss's floor; its magnitude
  Floats reference;        // clean samples
  double reference_energy = 0;
  double weight = 1;        // of the spectral terms
  std::vector<int> active;  // frames with speech
  Floats envelopes;         // [bands][active frames] of it
  float gain = 0;           // to the listening level, of its power, or of the noise where nobody speaks
  Floats densities;         // [frames][bands of hearing] of it
};

struct Objective::Work {
  Work(int window, int overlap) {
    dsp::Arena measure;
    dsp::RealFft probe;
    probe.init(static_cast<std::uint32_t>(window), measure);
    memory = std::aligned_alloc(dsp::Arena::kAlignment, (measure.bytes() + 4095) / 4096 * 4096);
    dsp::Arena arena(memory, measure.bytes());
    fft.init(static_cast<std::uint32_t>(window), arena);
    frame.resize(std::size_t(window));
    spectrum.resize(std::size_t(window) + 2);
    for (int i = 0; i < window; ++i)
      taper.push_back(float(std::sqrt(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / window))));
    for (const float w : taper) synthesis.push_back(w * float(2.0 / overlap));
  }
  ~Work() { std::free(memory); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void resize(std::size_t n) {
    for (Floats* f : {&yr, &yi, &dr, &di, &q, &h, &zr, &zi, &er, &ei, &g}) f->resize(n);
  }

  void* memory = nullptr;
  dsp::RealFft fft;
  Floats frame, spectrum, taper, synthesis;
  Floats yr, yi, dr, di, q, h, zr, zi, er, ei, g, signal, dsignal, envelopes, denvelopes, densities, ddensities;
};

Objective::Objective(const Architecture& architecture, const LossOptions& options)
    : architecture_(architecture),
      options_(options),
      bin_weights_(bin_weights(options, int(architecture.bins()), int(architecture.sample_rate_hz))),
      bands_(third_octaves(int(architecture.bins()), int(architecture.sample_rate_hz))),
      hearing_(hearing(int(architecture.bins()), int(architecture.sample_rate_hz), int(architecture.hop_samples))),
      work_(std::make_unique<Work>(int(architecture.window_samples), int(architecture.overlap()))) {}
Objective::~Objective() = default;

// Frame t of `signal` (zero before its start) to row t of re and im, [frames][bins].
void Objective::analyse(const float* signal, int frames, float* re, float* im, float* nyquist) {
  Work& w = *work_;
  const int window = int(architecture_.window_samples), hop = int(architecture_.hop_samples),
            bins = int(architecture_.bins());
  for (int t = 0; t < frames; ++t, re += bins, im += bins) {
    const int start = t * hop - (window - hop);
    for (int i = 0; i < window; ++i) w.frame[i] = start + i >= 0 ? signal[start + i] * w.taper[i] : 0.0f;
    w.fft.forward(w.frame.data(), w.spectrum.data());
    for (int k = 0; k < bins; ++k) re[k] = w.spectrum[2 * k], im[k] = w.spectrum[2 * k + 1];
    if (nyquist) nyquist[t] = w.spectrum[2 * bins];
  }
}

void Objective::begin(int size, int samples, const float* noisy, const float* clean, float* features) {
  frames_ = samples / int(architecture_.hop_samples);
  samples_ = samples;
  const auto n = std::size_t(frames_) * std::size_t(architecture_.bins());
  const float exponent = float((architecture_.compression - 1.0) / 2.0);
  Work& w = *work_;
  w.resize(n);
  items_.resize(std::size_t(size));
  for (auto& item : items_) {
    for (Floats* f : {&item.xr, &item.xi, &item.sr, &item.si, &item.sm}) f->resize(n);
    item.nyquist.resize(std::size_t(frames_));
    analyse(noisy, frames_, item.xr.data(), item.xi.data(), item.nyquist.data());
    for (std::size_t i = 0; i < n; ++i) w.q[i] = item.xr[i] * item.xr[i] + item.xi[i] * item.xi[i] + kInputFloor;
    if (options_.pesq > 0) item.gain = listening_gain(hearing_, frames_, w.q.data());
    kernels::power(kernels::Index(n), w.q.data(), exponent, w.h.data());
    for (std::size_t i = 0; i < n; ++i) {
      features[3 * i] = item.xr[i] *= w.h[i];
      features[3 * i + 1] = item.xi[i] *= w.h[i];
      features[3 * i + 2] = w.h[i] * std::sqrt(w.q[i]);
    }
    analyse(clean, frames_, item.sr.data(), item.si.data(), nullptr);
    for (std::size_t i = 0; i < n; ++i) w.q[i] = item.sr[i] * item.sr[i] + item.si[i] * item.si[i] + kFloor;
    if (options_.stoi > 0) {
      const int bins = int(architecture_.bins());
      Floats energy;
      for (int t = 0; t < frames_; ++t) {
        energy.push_back(0);
        for (int k = 0; k < bins; ++k) energy.back() += w.q[t * bins + k] - kFloor;
      }
      item.active = active_frames(energy);
      envelopes_of(
          bands_, item.active, bins, [&](int i) { return w.q[i] - kFloor; }, &item.envelopes);
    }
    if (options_.pesq > 0) {
      const float gain = listening_gain(hearing_, frames_, w.q.data());
      if (gain > 0) item.gain = gain;
      densities_of(
          item.gain, [&](int i) { return w.q[i] - kFloor; }, &item.densities);
    }
    kernels::power(kernels::Index(n), w.q.data(), exponent, w.h.data());
    for (std::size_t i = 0; i < n; ++i) {
      item.sr[i] *= w.h[i];
      item.si[i] *= w.h[i];
      item.sm[i] = std::sqrt(item.sr[i] * item.sr[i] + item.si[i] * item.si[i] + kFloor);
    }
    const int used = samples - int(architecture_.window_samples - architecture_.hop_samples);
    item.reference.assign(clean, clean + used);
    double energy = 0, input = 0;
    for (int i = 0; i < used; ++i) energy += double(clean[i]) * clean[i], input += double(noisy[i]) * noisy[i];
    item.reference_energy = std::max(energy, 1e-3 * input + 1e-8);
    item.weight = clip_weight(options_, architecture_.compression, energy, input, used);
    noisy += samples;
    clean += samples;
    features += 3 * n;
  }
}

// The term of the envelopes; its gradient comes to that of the spectral terms. q is |Y_c|^2, h the root of q^(1/c - 1).
double Objective::add_envelopes(const Item& item) {
  Work& w = *work_;
  const int bins = int(architecture_.bins()), active = int(item.active.size()), count = int(bands_.size());
  envelopes_of(
      bands_, item.active, bins, [&](int i) { return w.q[i] * w.h[i] * w.h[i]; }, &w.envelopes);
  w.denvelopes.assign(w.envelopes.size(), 0.0f);
  const double scale = options_.stoi / double(items_.size());
  const double distance = envelope_distance(
      count, active, segment_frames(int(architecture_.sample_rate_hz), int(architecture_.hop_samples)),
      item.envelopes.data(), w.envelopes.data(), float(scale), w.denvelopes.data());
  const float exponent = float(1.0 / architecture_.compression);
  for (int b = 0; b < count; ++b) {
    for (int a = 0; a < active; ++a) {
      const float d = exponent * w.denvelopes[b * active + a] / w.envelopes[b * active + a];
      for (int k = bands_[b].low; k < bands_[b].high; ++k) {
        const int i = item.active[a] * bins + k;
        w.dr[i] += d * w.h[i] * w.h[i] * w.yr[i];
        w.di[i] += d * w.h[i] * w.h[i] * w.yi[i];
      }
    }
  }
  return scale * distance;
}

template <typename Power>
void Objective::densities_of(float gain, Power power, Floats* to) const {
  to->clear();
  const int bins = int(architecture_.bins());
  for (int t = 0; t < frames_; ++t) {
    for (const HearingBand& band : hearing_.bands) {
      float sum = 0;
      for (int k = band.low; k < band.high; ++k) sum += hearing_.bins[k] * power(t * bins + k);
      to->push_back(gain * band.density * sum);
    }
  }
}

// The same of what is heard.
double Objective::add_disturbance(const Item& item) {
  if (item.gain == 0) return 0;
  Work& w = *work_;
  const int bins = int(architecture_.bins());
  densities_of(
      item.gain, [&](int i) { return w.q[i] * w.h[i] * w.h[i]; }, &w.densities);
  w.ddensities.assign(w.densities.size(), 0.0f);
  const double scale = options_.pesq / double(items_.size());
  const double points =
      disturbance(hearing_, frames_, item.densities.data(), w.densities.data(), float(scale), w.ddensities.data());
  const float of_power = float(2.0 / architecture_.compression) * item.gain;
  const float* of_density = w.ddensities.data();
  for (int t = 0; t < frames_; ++t) {
    for (const HearingBand& band : hearing_.bands) {
      const float d = of_power * band.density * *of_density++;
      for (int k = band.low; k < band.high; ++k) {
        const int i = t * bins + k;
        const float of_part = d * hearing_.bins[k] * w.h[i] * w.h[i];
        w.dr[i] += of_part * w.yr[i];
        w.di[i] += of_part * w.yi[i];
      }
    }
  }
  return scale * points;
}

double Objective::evaluate(const float* mask, float* gradient) {
  double total = 0;
  const auto n = 2 * std::size_t(frames_) * std::size_t(architecture_.bins());
  for (const auto& item : items_) {
    total += evaluate_item(item, mask, gradient);
    mask += n;
    gradient += n;
  }
  return total;
}

double Objective::evaluate_item(const Item& item, const float* mask, float* gradient) {
  Work& w = *work_;
  const int window = int(architecture_.window_samples), hop = int(architecture_.hop_samples),
            bins = int(architecture_.bins());
  const int n = frames_ * bins, used = int(item.reference.size()), again = used / hop;
  const double c = architecture_.compression, count = double(items_.size());
  const float expand = float((1.0 / c - 1.0) / 2.0);

  // Y_c = mask X_c, and its distance from the clean speech.
  for (int i = 0; i < n; ++i) {
    const float mr = mask[2 * i], mi = mask[2 * i + 1];
    w.yr[i] = mr * item.xr[i] - mi * item.xi[i];
    w.yi[i] = mr * item.xi[i] + mi * item.xr[i];
    w.q[i] = w.yr[i] * w.yr[i] + w.yi[i] * w.yi[i];
  }
  double total = spectral(frames_, bins, options_, float(item.weight / (count * n)), bin_weights_.data(), w.yr.data(),
                          w.yi.data(), item.sr.data(), item.si.data(), item.sm.data(), w.dr.data(), w.di.data());

  // Y = Y_c q^e to samples; the Nyquist bin follows the last mask.
  kernels::power(n, w.q.data(), expand, w.h.data());
  if (expand == 0) std::fill(w.h.begin(), w.h.end(), 1.0f);  // also at empty bins
  if (options_.stoi > 0) total += add_envelopes(item);
  if (options_.pesq > 0) total += add_disturbance(item);
  const auto gain_of = [&](int t) {
    const float* m = mask + 2 * (t * bins + bins - 1);
    return std::pow(m[0] * m[0] + m[1] * m[1], float(0.5 / c));
  };
  w.signal.assign(std::size_t(used + window), 0.0f);
  for (int t = 0; t < frames_; ++t) {
    for (int k = 0; k < bins; ++k) {
      const int i = t * bins + k;
      w.spectrum[2 * k] = w.yr[i] * w.h[i];
      w.spectrum[2 * k + 1] = w.yi[i] * w.h[i];
    }
    w.spectrum[2 * bins] = item.nyquist[t] * gain_of(t);
    w.spectrum[2 * bins + 1] = 0;
    w.fft.inverse(w.spectrum.data(), w.frame.data());
    const int start = t * hop - (window - hop);
    for (int i = std::max(0, -start); i < window; ++i) w.signal[start + i] += w.frame[i] * w.synthesis[i];
  }

  // Distance of the samples.
  w.dsignal.assign(w.signal.size(), 0.0f);
  if (options_.waveform > 0) {
    double error = 0;
    for (int i = 0; i < used; ++i) {
      const double e = double(item.reference[i]) - w.signal[i];
      error += e * e;
    }
    const double ratio = error / item.reference_energy + 1e-3;
    total += options_.waveform / count * std::log10(ratio);
    const float g = float(2 * options_.waveform / (count * std::numbers::ln10 * ratio * item.reference_energy));
    for (int i = 0; i < used; ++i) w.dsignal[i] = g * (w.signal[i] - item.reference[i]);
  }

  // Distance of the spectrum that a listener's own analysis would see.
  if (options_.consistency > 0) {
    const int m = again * bins;
    analyse(w.signal.data(), again, w.zr.data(), w.zi.data(), nullptr);
    for (int i = 0; i < m; ++i) w.q[i] = w.zr[i] * w.zr[i] + w.zi[i] * w.zi[i] + kFloor;
    Floats& g = w.g;
    kernels::power(m, w.q.data(), float((c - 1) / 2), g.data());
    for (int i = 0; i < m; ++i) w.zr[i] *= g[i], w.zi[i] *= g[i];
    const double scale = item.weight * options_.consistency / (count * m);
    total += spectral(again, bins, options_, float(scale), bin_weights_.data(), w.zr.data(), w.zi.data(),
                      item.sr.data(), item.si.data(), item.sm.data(), w.er.data(), w.ei.data());
    for (int i = 0; i < m; ++i) {  // through the compression; z holds Z g
      const float k = (w.er[i] * w.zr[i] + w.ei[i] * w.zi[i]) * float(c - 1) / (w.q[i] * g[i]);
      w.er[i] = w.er[i] * g[i] + k * w.zr[i];
      w.ei[i] = w.ei[i] * g[i] + k * w.zi[i];
    }
    for (int t = 0; t < again; ++t) {  // the adjoint of the analysis: a sum over bins, each counted once
      for (int k = 0; k < bins; ++k) {
        const float half = k == 0 ? 1.0f : 0.5f;
        w.spectrum[2 * k] = half * w.er[t * bins + k];
        w.spectrum[2 * k + 1] = half * w.ei[t * bins + k];
      }
      w.spectrum[2 * bins] = w.spectrum[2 * bins + 1] = 0;
      w.fft.inverse(w.spectrum.data(), w.frame.data());
      const int start = t * hop - (window - hop);
      for (int i = std::max(0, -start); i < window; ++i)
        w.dsignal[start + i] += float(window) * w.frame[i] * w.taper[i];
    }
    for (int i = 0; i < m; ++i) w.q[i] = w.yr[i] * w.yr[i] + w.yi[i] * w.yi[i];
  }
  std::fill(w.dsignal.begin() + used, w.dsignal.end(), 0.0f);

  // Back through synthesis, expansion and mask.
  for (int t = 0; t < frames_; ++t) {
    const int start = t * hop - (window - hop);
    for (int i = 0; i < window; ++i) w.frame[i] = start + i >= 0 ? w.dsignal[start + i] * w.synthesis[i] : 0.0f;
    w.fft.forward(w.frame.data(), w.spectrum.data());
    const float interior = 2.0f / float(window), edge = 1.0f / float(window);
    w.spectrum[0] *= 0.5f;  // DC counts once, and has no imaginary part
    w.spectrum[1] = 0;
    for (int k = 0; k < bins; ++k) {
      const int i = t * bins + k;
      const float gr = interior * w.spectrum[2 * k], gi = interior * w.spectrum[2 * k + 1];
      const float slope = w.q[i] > 1e-30f ? w.h[i] / w.q[i] : 0.0f;
      const float s = (gr * w.yr[i] + gi * w.yi[i]) * 2 * expand * slope;
      const float dr = w.dr[i] + gr * w.h[i] + s * w.yr[i], di = w.di[i] + gi * w.h[i] + s * w.yi[i];
      gradient[2 * i] = dr * item.xr[i] + di * item.xi[i];
      gradient[2 * i + 1] = di * item.xr[i] - dr * item.xi[i];
    }
    const int last = 2 * (t * bins + bins - 1);
    const float power = mask[last] * mask[last] + mask[last + 1] * mask[last + 1];
    if (power > 1e-20f) {
      const float d = edge * w.spectrum[2 * bins] * item.nyquist[t] * float(1.0 / c) * gain_of(t) / power;
      gradient[last] += d * mask[last];
      gradient[last + 1] += d * mask[last + 1];
    }
  }
  return total;
}

}  // namespace pellucid::training
