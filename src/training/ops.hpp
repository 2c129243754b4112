// The network's operators for autograd. Each has two forms with the same result: kernels.hpp on the CPU, and plain
// LibTorch operators, which every other device uses and the tests compare with.
//
// Activations are contiguous float32 [frames, positions, channels]; frames = sequences * sequence_frames.
#pragma once

#include <torch/torch.h>

#include "training/kernels.hpp"

namespace pellucid::training {

/// Which form the operators take on the CPU; `kPlain` exists for tests and comparison.
enum class Form { kKernels, kPlain };
void set_form(Form form);
Form form();

/// LibTorch's operators stay on the core that calls them, and so does the BLAS under them: replicas fill the cores, and
/// threads inside operators would only get in their way.
void use_one_thread();

/// Batch normalisation that follows a layer (Ioffe & Szegedy 2015); undefined gamma means a plain bias in `beta`.
struct Norm {
  torch::Tensor gamma, beta, running_mean, running_var;  // [channels]
};
inline constexpr double kNormEpsilon = 1e-5;
inline constexpr double kNormMomentum = 0.02;

/// y = (residual ? x : 0) + act(norm(convolve(x, weight))), act a PReLU when `slope` is defined.
/// weight [out, taps, in]. With `batch_statistics` the batch's own mean and variance are used and the running ones
/// follow. `precision` is that of the kernels' products, forward and backward.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const Norm& norm,
                       const torch::Tensor& slope, bool residual, const kernels::Taps& taps, long sequence_frames,
                       bool batch_statistics, kernels::Precision precision = kernels::Precision::kFloat32);

/// x [sequences*steps, lanes, in], weight_ih [3H, 1, in], weight_hh [3H, H] -> h [sequences*steps, lanes, H]; initial
/// state zero.
torch::Tensor gru(const torch::Tensor& x, const torch::Tensor& weight_ih, const torch::Tensor& bias_ih,
                  const torch::Tensor& weight_hh, const torch::Tensor& bias_hh, long steps,
                  kernels::Precision precision = kernels::Precision::kFloat32);

/// qkv [frames, bands, 3H] -> [frames, bands, H], by position [heads, W], over the last W frames of each band, or by
/// position [heads, bands, bands], over the bands of each frame. What lies before a sequence's start is zero.
torch::Tensor attend(const torch::Tensor& qkv, const torch::Tensor& position, long steps);

/// x [frames, in, channels], weight [out, in] -> [frames, out, channels].
torch::Tensor band_mix(const torch::Tensor& x, const torch::Tensor& weight);
/// x [frames, in, channels], weight [out, in, channels] -> [frames, out, channels].
torch::Tensor depthwise_mix(const torch::Tensor& x, const torch::Tensor& weight);

}  // namespace pellucid::training
