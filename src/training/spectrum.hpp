// Signals to spectra and back in LibTorch, framed as docs/network.md says, and what the network sees of them.
//
// Spectra are real tensors [batch, frames, bins, 2] (real, imaginary).
#pragma once

#include <torch/torch.h>

#include "training/architecture.hpp"

namespace pellucid::training {

class Spectrum {
 public:
  Spectrum(const Architecture& architecture, torch::Device device);

  /// signal [batch, samples], samples a multiple of hop -> [batch, samples/hop, window/2 + 1, 2].
  torch::Tensor analyse(const torch::Tensor& signal) const;
  /// The inverse: [batch, frames, window/2 + 1, 2] -> [batch, frames*hop]. Sample i of the result is sample
  /// i - (window - hop) of the signal: the delay of a stream.
  torch::Tensor synthesise(const torch::Tensor& spectrum) const;
  /// X p^((c-1)/2) of every bin given, p = |X|^2 + floor. A loss wants a higher floor than the network's own: the
  /// gradient at an empty bin is floor^((c-1)/2).
  torch::Tensor compress(const torch::Tensor& spectrum, double floor = 1e-12) const;
  /// The inverse of compress.
  torch::Tensor decompress(const torch::Tensor& compressed) const;
  /// spectrum and the same compressed, [batch, frames, F, 2] -> features [batch*frames, positions, 3*fold].
  torch::Tensor features(const torch::Tensor& spectrum, const torch::Tensor& compressed) const;
  /// mask [batch*frames, positions, 2*fold], compressed [batch, frames, F, 2] -> their complex product.
  torch::Tensor apply_mask(const torch::Tensor& mask, const torch::Tensor& compressed) const;
  /// Adds the Nyquist bin: spectrum [batch, frames, F, 2] with noisy [.., F+1, 2] and the mask of the last bin.
  torch::Tensor with_nyquist(const torch::Tensor& spectrum, const torch::Tensor& noisy,
                             const torch::Tensor& mask) const;

  const Architecture& architecture() const { return architecture_; }

 private:
  Architecture architecture_;
  torch::Tensor window_, synthesis_window_;  // [window]
};

}  // namespace pellucid::training
