#include "training/losses.hpp"

#include "training/disturbance.hpp"
#include "training/envelopes.hpp"
#include "training/loss_weights.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;

constexpr double kFloor = 1e-8;  // power under which a bin counts as empty

Tensor magnitude(const Tensor& s) { return torch::sqrt(s.square().sum(-1) + 1e-8); }

// The compressed magnitude and complex distances of Braun and Tashev, "A consolidated view of loss functions for
// supervised deep learning-based speech enhancement" (2021), with a one-sided weight on removed speech.
// estimate, clean [batch, frames, F, 2]; clips [batch, 1, 1] and bins [F] are weights.
Tensor spectral(const LossOptions& o, const Tensor& clips, const Tensor& bins, const Tensor& estimate,
                const Tensor& clean) {
  const Tensor difference = magnitude(clean) - magnitude(estimate);
  Tensor m = difference.square();
  if (o.over_suppression > 0) m = m + o.over_suppression * torch::relu(difference).square();
  return (clips * bins * (o.magnitude * m + o.complex * (clean - estimate).square().sum(-1))).mean();
}

// envelope_distance of envelopes.hpp, by LibTorch. estimate: compressed, clean: as it is; [batch, frames, F, 2].
Tensor envelopes(const Architecture& a, const Tensor& estimate, const Tensor& clean) {
  const int segment = segment_frames(int(a.sample_rate_hz), int(a.hop_samples));
  const std::vector<BandBins> bands = third_octaves(int(a.bins()), int(a.sample_rate_hz));
  const auto in_bands = [&](const Tensor& power, const Tensor& frames) {  // [frames, F] -> [bands, active frames]
    std::vector<Tensor> rows;
    for (const BandBins& band : bands) rows.push_back(power.narrow(1, band.low, band.high - band.low).sum(1));
    return torch::sqrt(torch::stack(rows).index_select(1, frames) + kEnvelopeFloor);
  };
  Tensor total = torch::zeros({}, clean.options());
  if (bands.empty()) return total;
  for (long i = 0; i < clean.size(0); ++i) {
    const Tensor power = clean[i].square().sum(-1), energy = power.sum(1).to(torch::kCPU).contiguous();
    const float* e = energy.data_ptr<float>();
    const std::vector<int> active = active_frames({e, e + energy.size(0)});
    if (int(active.size()) < segment) continue;
    const Tensor frames = torch::tensor(active).to(clean.device());
    const Tensor y_power = torch::pow(estimate[i].square().sum(-1), 1.0 / a.compression);
    const Tensor x = in_bands(power, frames).unfold(1, segment, 1), y = in_bands(y_power, frames).unfold(1, segment, 1);
    const Tensor u = x - x.mean(-1, true), v = y - y.mean(-1, true);
    const Tensor uu = u.square().sum(-1) + kCorrelationFloor;
    const Tensor size = v.square().sum(-1) + kFlatEstimate * uu;
    const Tensor heard = x.square().sum(-1), counts = heard > kAbsentBand * heard.max();
    total = total + (1 - (u * v).sum(-1) / torch::sqrt(uu * size)).index({counts}).mean();
  }
  return total / clean.size(0);
}

// What disturbance.hpp says of values over time, [frames].
Tensor over_time(const Tensor& values, long syllable) {
  const long step = syllable / 2, count = (values.size(0) + step - 1) / step;
  const Tensor padded = torch::constant_pad_nd(values, {0, count * step + syllable - values.size(0)});
  const Tensor syllables = padded.unfold(0, syllable, step).narrow(0, 0, count);
  return torch::sqrt(torch::pow(syllables.pow(6).mean(1) + 1e-20, 1.0 / 3).mean());
}

// disturbance of disturbance.hpp, by LibTorch. estimate: compressed, the others: as they are; [batch, frames, F, 2].
Tensor disturbances(const Architecture& a, const Tensor& estimate, const Tensor& clean, const Tensor& noisy) {
  const Hearing h = hearing(int(a.bins()), int(a.sample_rate_hz), int(a.hop_samples));
  Tensor total = torch::zeros({}, clean.options());
  if (h.bands.empty()) return total;
  Tensor sums = torch::zeros({long(h.bins.size()), long(h.bands.size())});
  const auto of_bands = [&](float HearingBand::*part) {
    std::vector<float> values;
    for (const HearingBand& band : h.bands) values.push_back(band.*part);
    return torch::tensor(values).to(clean.device());
  };
  for (std::size_t b = 0; b < h.bands.size(); ++b)
    for (int k = h.bands[b].low; k < h.bands[b].high; ++k) sums[k][long(b)] = h.bins[k] * h.bands[b].density;
  sums = sums.to(clean.device());
  const Tensor threshold = of_bands(&HearingBand::threshold), unit = of_bands(&HearingBand::sone),
               exponent = of_bands(&HearingBand::exponent), width = of_bands(&HearingBand::width);
  const Tensor nothing = torch::zeros({}, clean.options());
  const auto audible = [&](const Tensor& z) { return torch::where(z > threshold, z, nothing).sum(1, true); };
  const auto sone = [&](const Tensor& z) {
    const Tensor power = torch::pow(0.5 + 0.5 * torch::maximum(z, threshold) / threshold, exponent);
    return unit * (power - 1);
  };
  for (long i = 0; i < clean.size(0); ++i) {
    const auto gain_of = [&](const Tensor& power) {
      const Tensor seen = power.to(torch::kCPU).contiguous();
      return listening_gain(h, int(seen.size(0)), seen.data_ptr<float>());
    };
    const Tensor power = clean[i].square().sum(-1);
    float gain = gain_of(power);
    if (gain == 0) gain = gain_of(noisy[i].square().sum(-1));
    if (gain == 0) continue;
    const Tensor x = gain * power.matmul(sums);
    const Tensor y = gain * torch::pow(estimate[i].square().sum(-1), 1.0 / a.compression).matmul(sums);
    const Tensor x_heard = audible(x);
    const Tensor ratio = (x_heard + kGainFloor) / (audible(y) + kGainFloor);
    const Tensor level = y * ratio.clamp(kLeastGain, kMostGain);
    const Tensor xs = sone(x), ys = sone(level), d = ys - xs, masked = kMasked * torch::minimum(xs, ys);
    const Tensor difference = torch::relu(d - masked) - torch::relu(-d - masked);
    const Tensor raw = torch::pow((level + kAsymmetryFloor) / (x + kAsymmetryFloor), kAsymmetryPower);
    const Tensor asymmetry = torch::where(raw < kLeastAsymmetry, nothing, raw.clamp_max(kMostAsymmetry));
    const Tensor weight = torch::pow((x_heard.squeeze(1) + kWeightFloor) / kWeightUnit, kWeightPower);
    const Tensor wide = (difference * width).square().sum(1) * width.sum();
    const Tensor symmetric = torch::sqrt(wide + 1e-20) * weight;
    const Tensor asymmetric = (difference.abs() * asymmetry * width).sum(1) * weight;
    total = total + kSymmetricWeight * over_time(symmetric.clamp_max(kMostDisturbance), h.syllable) +
            kAsymmetricWeight * over_time(asymmetric.clamp_max(kMostDisturbance), h.syllable);
  }
  return total / clean.size(0);
}

// [batch, samples] each -> [batch, 1, 1].
Tensor clip_weights(const LossOptions& o, double compression, const Tensor& clean, const Tensor& noisy) {
  const auto energies = [](const Tensor& x) { return x.square().sum(1).to(torch::kCPU, torch::kFloat64).contiguous(); };
  const Tensor c = energies(clean), n = energies(noisy), weights = torch::empty_like(c);
  for (long i = 0; i < c.size(0); ++i)
    weights[i] = clip_weight(o, compression, c[i].item<double>(), n[i].item<double>(), int(clean.size(1)));
  return weights.to(clean.options()).view({-1, 1, 1});
}

}  // namespace

MaskOf mask_of(Network& network) {
  return [&network](const Tensor& features, long frames) { return network.forward(features, frames); };
}

Enhanced enhance(const Spectrum& spectrum, const Tensor& noisy, const MaskOf& mask_of) {
  const long bins = spectrum.architecture().bins();
  Tensor compressed, features, full;
  {
    torch::NoGradGuard no_grad;
    full = spectrum.analyse(noisy);
    const Tensor seen = full.narrow(2, 0, bins).contiguous();
    compressed = spectrum.compress(seen);
    features = spectrum.features(seen, compressed);
  }
  const Tensor mask = mask_of(features, compressed.size(1));
  Enhanced out;
  out.compressed = spectrum.apply_mask(mask, compressed);
  out.signal = spectrum.synthesise(spectrum.with_nyquist(spectrum.decompress(out.compressed), full, mask));
  return out;
}

Tensor loss(const Spectrum& spectrum, const LossOptions& o, const Tensor& noisy, const Tensor& clean,
            const MaskOf& mask_of) {
  const Architecture& a = spectrum.architecture();
  const long bins = a.bins(), delay = a.window_samples - a.hop_samples;
  Tensor speech, input_spectrum, target;
  {
    torch::NoGradGuard no_grad;
    if (o.pesq > 0) input_spectrum = spectrum.analyse(noisy).narrow(2, 0, bins).contiguous();
    speech = spectrum.analyse(clean).narrow(2, 0, bins).contiguous();
    target = spectrum.compress(speech, kFloor);
  }
  const Enhanced y = enhance(spectrum, noisy, mask_of);
  const long samples = noisy.size(1);
  const Tensor reference = clean.narrow(1, 0, samples - delay), input = noisy.narrow(1, 0, samples - delay);
  const Tensor clips = clip_weights(o, a.compression, reference, input);
  const std::vector<float> by_bin = bin_weights(o, int(bins), int(a.sample_rate_hz));
  const Tensor counts = torch::tensor(by_bin).to(noisy.device());
  Tensor total = spectral(o, clips, counts, y.compressed, target);
  if (o.stoi > 0) total = total + o.stoi * envelopes(a, y.compressed, speech);
  if (o.pesq > 0) total = total + o.pesq * disturbances(a, y.compressed, speech, input_spectrum);
  const Tensor signal = y.signal.narrow(1, delay, samples - delay);  // time-aligned with clean[0 .. samples - delay)
  if (o.consistency > 0) {
    const Tensor again = spectrum.analyse(signal).narrow(2, 0, bins);
    total = total + o.consistency * spectral(o, clips, counts, spectrum.compress(again, kFloor),
                                             target.narrow(1, 0, again.size(1)));
  }
  if (o.waveform > 0) {
    const Tensor floor = 1e-3 * input.square().sum(1) + 1e-8;
    const Tensor ratio = (reference - signal).square().sum(1) / torch::maximum(reference.square().sum(1), floor);
    total = total + o.waveform * torch::log10(ratio + 1e-3).mean();
  }
  return total;
}

}  // namespace pellucid::training
