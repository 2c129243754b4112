// What a network looks like, as docs/network.md describes it: the numbers of a model's metadata, the tensors that
// follow from them, and what a frame costs.
//
//   TensorSpec spec;
//   for (uint32_t i = 0; tensor_spec(architecture, i, &spec); ++i) …    // spec.name, spec.shape
//   uint64_t per_second = multiply_adds_per_frame(architecture) * architecture.sample_rate_hz /
//   architecture.hop_samples;
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::nn {

enum class TimeMixer : uint8_t { kGru, kConv };
enum class FreqMixer : uint8_t { kDense, kConv };

/// Names as in docs/network.md. Bounds are those of `unsupported`.
struct Architecture {
  char name[64] = {};
  uint32_t sample_rate_hz = 0;
  uint32_t window_samples = 0;
  uint32_t hop_samples = 0;
  double compression = 0.0;
  uint32_t fold = 0;
  uint32_t channels = 0;
  uint32_t kernel = 0;
  uint32_t encoder_layers = 0;
  uint32_t bands = 0;
  uint32_t width = 0;
  uint32_t blocks = 0;
  uint32_t hidden = 0;       ///< time mixer gru
  uint32_t time_kernel = 0;  ///< time mixer conv
  uint32_t time_layers = 0;  ///< time mixer conv
  TimeMixer time_mixer = TimeMixer::kGru;
  FreqMixer freq_mixer = FreqMixer::kDense;

  /// Bins the network sees: the Nyquist bin is left out.
  constexpr uint32_t bins() const { return window_samples / 2; }
  constexpr uint32_t positions() const { return bins() / fold; }
};

/// Upper bounds that keep every size below in 32 bits; far above what runs in real time.
inline constexpr uint32_t kMaxWindow = 8192, kMaxWidth = 1024, kMaxKernel = 31, kMaxBands = 512, kMaxBlocks = 16,
                          kMaxEncoderLayers = 16, kMaxTimeKernel = 32, kMaxTimeLayers = 8;
inline constexpr uint64_t kMaxStateFloats = 1u << 24;
/// As many products as the largest allowed network has, and no fewer tensors: three a product, and the embedding.
inline constexpr uint32_t kMaxProducts = 1 + 2 * kMaxEncoderLayers + 2 + kMaxBlocks * (kMaxTimeLayers + 2) + 2 + 1;
inline constexpr uint32_t kMaxTensors = 3 * kMaxProducts + 1;

/// Null when this code can run the architecture, else what is wrong with it, for a sentence.
const char* unsupported(const Architecture& architecture);

enum class DataType : uint8_t { kF32, kI32, kI16, kI8 };

/// One tensor of the file.
struct TensorSpec {
  char name[48] = {};
  uint32_t rank = 0;
  uint32_t shape[3] = {1, 1, 1};
  DataType type = DataType::kF32;
  uint64_t count() const { return uint64_t{shape[0]} * shape[1] * shape[2]; }
  uint64_t bytes() const { return count() * (type == DataType::kI8 ? 1 : type == DataType::kI16 ? 2 : 4); }
};

/// Tensor number `index` in the order of docs/network.md, in which Network packs them. False past the last.
bool tensor_spec(const Architecture& architecture, uint32_t index, TensorSpec* spec);

uint32_t tensor_count(const Architecture& architecture);
/// Numbers in all tensors together.
uint64_t parameter_count(const Architecture& architecture);
/// Multiply-adds of the layers in one frame; transforms and activations are not counted.
uint64_t multiply_adds_per_frame(const Architecture& architecture);
/// Floats that a channel carries from frame to frame inside the network.
uint64_t state_floats(const Architecture& architecture);

}  // namespace pellucid::nn
