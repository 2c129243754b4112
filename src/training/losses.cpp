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

// The sum of `values` where `counts`, over as many as there are; by clip, the first dimension. 0 where none is.
Tensor mean_of(const Tensor& values, const Tensor& counts) {
  const Tensor sum = torch::where(counts, values, torch::zeros({}, values.options())).flatten(1).sum(1);
  return sum / counts.flatten(1).sum(1).clamp_min(1);
}

// envelope_distance of envelopes.hpp, by LibTorch and for all clips at once: a device is not to wait for the host.
// estimate: compressed, clean: as it is; [batch, frames, F, 2].
Tensor envelopes(const Architecture& a, const Tensor& estimate, const Tensor& clean) {
  const long segment = segment_frames(int(a.sample_rate_hz), int(a.hop_samples)), frames = clean.size(1);
  const std::vector<BandBins> bands = third_octaves(int(a.bins()), int(a.sample_rate_hz));
  if (bands.empty() || frames < segment) return torch::zeros({}, clean.options());
  const Tensor power = clean.square().sum(-1), energy = power.sum(2);
  const Tensor active = energy > kActiveFrame * energy.amax(1, true);
  // The active frames first, in their order, then the others, whose segments do not count.
  const Tensor number = torch::arange(frames, active.options().dtype(torch::kLong));
  const Tensor order = std::get<1>((number + frames * active.logical_not()).sort(1));
  const Tensor last = number.narrow(0, segment - 1, frames - segment + 1);  // frame of each segment
  const Tensor whole = last < active.sum(1, true);                          // [batch, segments]
  const auto in_bands = [&](const Tensor& of) {  // [batch, frames, F] -> [batch, bands, segments, frames of a segment]
    std::vector<Tensor> rows;
    for (const BandBins& band : bands) rows.push_back(of.narrow(2, band.low, band.high - band.low).sum(2));
    const Tensor all = torch::sqrt(torch::stack(rows, 1) + kEnvelopeFloor);
    return all.gather(2, order.unsqueeze(1).expand_as(all)).unfold(2, segment, 1);
  };
  const Tensor x = in_bands(power), y = in_bands(torch::pow(estimate.square().sum(-1), 1.0 / a.compression));
  const Tensor u = x - x.mean(-1, true), v = y - y.mean(-1, true);
  const Tensor uu = u.square().sum(-1) + kCorrelationFloor;
  const Tensor size = v.square().sum(-1) + kFlatEstimate * uu;
  const Tensor heard = x.square().sum(-1) * whole.unsqueeze(1);
  const Tensor counts = heard > kAbsentBand * heard.amax({1, 2}, true);
  return mean_of(1 - (u * v).sum(-1) / torch::sqrt(uu * size), counts).mean();
}

// What disturbance.hpp says of values over time, [batch, frames] -> [batch].
Tensor over_time(const Tensor& values, long syllable) {
  const long step = syllable / 2, count = (values.size(1) + step - 1) / step;
  const Tensor padded = torch::constant_pad_nd(values, {0, count * step + syllable - values.size(1)});
  const Tensor syllables = padded.unfold(1, syllable, step).narrow(1, 0, count);
  return torch::sqrt(torch::pow(syllables.pow(6).mean(2) + 1e-20, 1.0 / 3).mean(1));
}

// listening_gain of disturbance.hpp for every clip; power [batch, frames, F] -> [batch, 1, 1].
Tensor listening_gains(const Tensor& power, const Tensor& of_level) {
  const Tensor level = power.to(torch::kFloat64).matmul(of_level).mean(1).view({-1, 1, 1});
  const Tensor gain = kListeningLevel / level.clamp_min(kSilentLevel);
  return torch::where(level > kSilentLevel, gain, torch::zeros_like(gain)).to(power.dtype());
}

// disturbance of disturbance.hpp, by LibTorch. estimate: compressed, the others: as they are; [batch, frames, F, 2].
Tensor disturbances(const Architecture& a, const Tensor& estimate, const Tensor& clean, const Tensor& noisy) {
  const Hearing h = hearing(int(a.bins()), int(a.sample_rate_hz), int(a.hop_samples));
  if (h.bands.empty()) return torch::zeros({}, clean.options());
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
  const auto audible = [&](const Tensor& z) { return torch::where(z > threshold, z, nothing).sum(2, true); };
  const auto sone = [&](const Tensor& z) {
    const Tensor power = torch::pow(0.5 + 0.5 * torch::maximum(z, threshold) / threshold, exponent);
    return unit * (power - 1);
  };
  const Tensor power = clean.square().sum(-1);
  const Tensor of_level = torch::tensor(h.level).to(clean.device(), torch::kFloat64).unsqueeze(1);
  const Tensor speech = listening_gains(power, of_level);
  const Tensor gain = torch::where(speech > 0, speech, listening_gains(noisy.square().sum(-1), of_level));
  const Tensor x = gain * power.matmul(sums);
  const Tensor y = gain * torch::pow(estimate.square().sum(-1), 1.0 / a.compression).matmul(sums);
  const Tensor x_heard = audible(x);
  const Tensor ratio = (x_heard + kGainFloor) / (audible(y) + kGainFloor);
  const Tensor level = y * ratio.clamp(kLeastGain, kMostGain);
  const Tensor xs = sone(x), ys = sone(level), d = ys - xs, masked = kMasked * torch::minimum(xs, ys);
  const Tensor difference = torch::relu(d - masked) - torch::relu(-d - masked);
  const Tensor raw = torch::pow((level + kAsymmetryFloor) / (x + kAsymmetryFloor), kAsymmetryPower);
  const Tensor asymmetry = torch::where(raw < kLeastAsymmetry, nothing, raw.clamp_max(kMostAsymmetry));
  const Tensor weight = torch::pow((x_heard.squeeze(2) + kWeightFloor) / kWeightUnit, kWeightPower);
  const Tensor wide = (difference * width).square().sum(2) * width.sum();
  const Tensor symmetric = torch::sqrt(wide + 1e-20) * weight;
  const Tensor asymmetric = (difference.abs() * asymmetry * width).sum(2) * weight;
  const Tensor of_clips = kSymmetricWeight * over_time(symmetric.clamp_max(kMostDisturbance), h.syllable) +
                          kAsymmetricWeight * over_time(asymmetric.clamp_max(kMostDisturbance), h.syllable);
  return (of_clips * (gain.view({-1}) > 0)).mean();
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
            const MaskOf& mask_of, Enhanced* enhanced) {
  const Architecture& a = spectrum.architecture();
  const long bins = a.bins(), delay = a.window_samples - a.hop_samples;
  Tensor speech, input_spectrum, target;
  {
    torch::NoGradGuard no_grad;
    if (o.pesq > 0) input_spectrum = spectrum.analyse(noisy).narrow(2, 0, bins).contiguous();
    speech = spectrum.analyse(clean).narrow(2, 0, bins).contiguous();
    target = spectrum.compress(speech, kFloor);
  }
  const long samples = noisy.size(1);
  const Tensor reference = clean.narrow(1, 0, samples - delay), input = noisy.narrow(1, 0, samples - delay);
  const Tensor clips = clip_weights(o, a.compression, reference, input);  // waits for the device, which is idle yet
  const Enhanced y = enhance(spectrum, noisy, mask_of);
  if (enhanced) *enhanced = y;
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
