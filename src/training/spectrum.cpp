#include "training/spectrum.hpp"

namespace pellucid::training {

using torch::Tensor;

namespace {

// power^exponent; for exponents below 1, whose slope at 0 is infinite, without a slope up to `tiny`, as objective.cpp
// has it.
Tensor raised(const Tensor& power, double exponent, double tiny) {
  if (exponent >= 1) return power.pow(exponent);
  return torch::where(power > tiny, power.clamp_min(tiny).pow(exponent), power.detach().pow(exponent));
}

}  // namespace

Spectrum::Spectrum(const Architecture& architecture, torch::Device device) : architecture_(architecture) {
  const long n = architecture.window_samples;
  window_ =
      torch::sqrt(torch::hann_window(n, /*periodic=*/true, torch::dtype(torch::kFloat64))).to(device, torch::kFloat32);
  // The squares of the windows that a sample lies in sum to half their number.
  synthesis_window_ = window_ * (2.0 / architecture.overlap());
}

Tensor Spectrum::analyse(const Tensor& signal) const {
  const long n = architecture_.window_samples, hop = architecture_.hop_samples;
  const Tensor padded = torch::constant_pad_nd(signal, {n - hop, 0});
  return torch::view_as_real(torch::fft_rfft(padded.unfold(1, n, hop) * window_));
}

Tensor Spectrum::synthesise(const Tensor& spectrum) const {
  const long n = architecture_.window_samples, hop = architecture_.hop_samples;
  const long batch = spectrum.size(0), frames = spectrum.size(1);
  const Tensor y = torch::fft_irfft(torch::view_as_complex(spectrum.contiguous()), n) * synthesis_window_;
  const Tensor parts = y.view({batch, frames, n / hop, hop});
  Tensor sum = parts.select(2, 0);
  for (long r = 1; r < n / hop; ++r)
    sum = sum + torch::constant_pad_nd(parts.select(2, r), {0, 0, r, 0}).narrow(1, 0, frames);
  return sum.reshape({batch, frames * hop});
}

Tensor Spectrum::compress(const Tensor& spectrum, double floor) const {
  const Tensor power = spectrum.square().sum(-1, true) + floor;
  return spectrum * power.pow((architecture_.compression - 1.0) / 2.0);
}

Tensor Spectrum::decompress(const Tensor& compressed) const {
  const Tensor power = compressed.square().sum(-1, true);
  return compressed * raised(power, (1.0 / architecture_.compression - 1.0) / 2.0, 1e-30);
}

Tensor Spectrum::features(const Tensor& spectrum, const Tensor& compressed) const {
  const long fold = architecture_.fold, positions = architecture_.positions();
  const Tensor magnitude = (spectrum.square().sum(-1, true) + 1e-12).pow(architecture_.compression / 2.0);
  return torch::cat({compressed, magnitude}, -1).reshape({-1, positions, 3 * fold});
}

Tensor Spectrum::apply_mask(const Tensor& mask, const Tensor& compressed) const {
  const Tensor m = mask.view(compressed.sizes());
  const Tensor mr = m.select(-1, 0), mi = m.select(-1, 1), xr = compressed.select(-1, 0), xi = compressed.select(-1, 1);
  return torch::stack({mr * xr - mi * xi, mr * xi + mi * xr}, -1);
}

Tensor Spectrum::with_nyquist(const Tensor& spectrum, const Tensor& noisy, const Tensor& mask) const {
  const long bins = architecture_.bins();
  const Tensor last = mask.view(spectrum.sizes()).select(2, bins - 1);
  const Tensor gain = raised(last.square().sum(-1, true), 0.5 / architecture_.compression, 1e-20);
  return torch::cat({spectrum, (noisy.select(2, bins) * gain).unsqueeze(2)}, 2);
}

}  // namespace pellucid::training
