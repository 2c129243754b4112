// What a network looks like, as docs/network.md describes it: the numbers of a model's metadata, the tensors that
// follow from them, and what a frame costs.
//
//   TensorSpec spec;
//   for (uint32_t i = 0; tensor_spec(architecture, i, &spec); ++i) …    // spec.name, spec.shape
//   uint64_t per_second = multiply_adds_per_frame(architecture) * architecture.sample_rate_hz /
//   architecture.hop_samples;
//
// The tables of fields are the one place that knows a number's or a choice's name and range: model files, recipes,
// `pellucid info` and the tests go through them.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::nn {

enum class TimeMixer : uint8_t { kGru, kConv, kAttention };
enum class FreqMixer : uint8_t { kDense, kConv, kGru, kAttention };
enum class Output : uint8_t { kComplexMask, kBandGains };

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
  uint32_t hidden = 0;          ///< time mixers gru and attention
  uint32_t time_kernel = 0;     ///< time mixer conv
  uint32_t time_layers = 0;     ///< time mixer conv
  uint32_t context_frames = 0;  ///< time mixer attention
  uint32_t freq_hidden = 0;     ///< frequency mixers gru (of each direction) and attention
  uint32_t heads = 0;           ///< mixers attention
  TimeMixer time_mixer = TimeMixer::kGru;
  FreqMixer freq_mixer = FreqMixer::kDense;
  Output output = Output::kComplexMask;

  /// Bins the network sees: the Nyquist bin is left out.
  constexpr uint32_t bins() const { return window_samples / 2; }
  constexpr uint32_t positions() const { return bins() / fold; }
  /// Windows that a sample lies in: 2 for 50 % of overlap, 4 for 75 %.
  constexpr uint32_t overlap() const { return window_samples / hop_samples; }
};

/// A whole number of the architecture.
struct NumberField {
  const char* key;
  uint32_t Architecture::*value;
  uint32_t least, most;
  const char* out_of_range;           ///< a clause for a sentence
  bool (*used)(const Architecture&);  ///< whether it says anything beside these choices
};
/// A choice between names.
struct ChoiceField {
  const char* key;
  const char* const* names;  ///< null behind the last
  const char* unknown;       ///< a clause for a sentence
  uint32_t (*get)(const Architecture&);
  void (*set)(Architecture&, uint32_t index);

  const char* name(const Architecture& architecture) const { return names[get(architecture)]; }
};
/// Null past the last.
const NumberField* number_field(uint32_t index);
const ChoiceField* choice_field(uint32_t index);

/// Upper bounds that keep every size below in 32 bits; far above what runs in real time.
inline constexpr uint32_t kMaxWindow = 8192, kMaxWidth = 1024, kMaxKernel = 31, kMaxBands = 512, kMaxBlocks = 16,
                          kMaxEncoderLayers = 16, kMaxTimeKernel = 32, kMaxTimeLayers = 8, kMaxOverlap = 8;
inline constexpr uint64_t kMaxStateFloats = 1u << 24;
/// As many products as the largest allowed network has, and no fewer tensors: three a product, and the embedding. The
/// longest mixers are time `conv` and frequency `gru`, whose ten tensors count as four products.
inline constexpr uint32_t kMaxProducts = 1 + 2 * kMaxEncoderLayers + 2 + kMaxBlocks * (kMaxTimeLayers + 4) + 2 + 1;
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
  uint32_t uses = 0;  ///< of a layer's weight: positions or bands that it multiplies in a frame; 0 of all else
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
