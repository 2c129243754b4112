#include "nn/architecture.hpp"

namespace pellucid::nn {
namespace {

/// Builds "blocks.3.time.weight_ih" and the like.
struct Name {
  TensorSpec* spec;
  uint32_t length = 0;
  Name& text(const char* s) {
    while (*s != '\0' && length + 1 < sizeof spec->name) spec->name[length++] = *s++;
    return *this;
  }
  Name& number(uint32_t n) {
    if (n >= 10) number(n / 10);
    const char digit[2] = {static_cast<char>('0' + n % 10), '\0'};
    return text(digit);
  }
};

/// A tensor's name in pieces, and its shape.
struct Part {
  const char* prefix;
  uint32_t index;  // kNone: no number
  const char* middle;
  const char* suffix;
  uint32_t rank, shape[3];
};
constexpr uint32_t kNone = 0xffffffffu;

/// Hands out the wanted one of a sequence of tensors and counts the others.
class Picker {
 public:
  Picker(uint32_t wanted, TensorSpec* spec) : wanted_(wanted), spec_(spec) {}
  void add(const Part& part) {
    if (seen_++ != wanted_) return;
    *spec_ = TensorSpec{};
    Name name{spec_};
    name.text(part.prefix);
    if (part.index != kNone) name.number(part.index);
    name.text(part.middle).text(part.suffix);
    spec_->rank = part.rank;
    for (uint32_t i = 0; i < part.rank; ++i) spec_->shape[i] = part.shape[i];
  }
  /// A convolution or, with taps 0, a linear layer.
  void layer(const char* prefix, uint32_t index, const char* middle, uint32_t out, uint32_t taps, uint32_t in,
             bool slope) {
    if (taps > 0) {
      add({prefix, index, middle, ".weight", 3, {out, taps, in}});
    } else {
      add({prefix, index, middle, ".weight", 2, {out, in, 1}});
    }
    add({prefix, index, middle, ".bias", 1, {out, 1, 1}});
    if (slope) add({prefix, index, middle, ".slope", 1, {out, 1, 1}});
  }
  uint32_t seen() const { return seen_; }

 private:
  uint32_t wanted_, seen_ = 0;
  TensorSpec* spec_;
};

void add_block(Picker& picker, const Architecture& a, uint32_t n) {
  const uint32_t D = a.width, H = a.hidden, B = a.bands;
  if (a.time_mixer == TimeMixer::kGru) {
    picker.add({"blocks.", n, ".time", ".weight_ih", 2, {3 * H, D, 1}});
    picker.add({"blocks.", n, ".time", ".weight_hh", 2, {3 * H, H, 1}});
    picker.add({"blocks.", n, ".time", ".bias_ih", 1, {3 * H, 1, 1}});
    picker.add({"blocks.", n, ".time", ".bias_hh", 1, {3 * H, 1, 1}});
    picker.layer("blocks.", n, ".time.out", D, 0, H, false);
  } else {
    static constexpr const char* kLayers[kMaxTimeLayers] = {".time.0", ".time.1", ".time.2", ".time.3",
                                                            ".time.4", ".time.5", ".time.6", ".time.7"};
    for (uint32_t l = 0; l < a.time_layers; ++l) picker.layer("blocks.", n, kLayers[l], D, a.time_kernel, D, true);
  }
  if (a.freq_mixer == FreqMixer::kDense) {
    picker.add({"blocks.", n, ".freq.mix", ".weight", 3, {B, B, D}});
    picker.layer("blocks.", n, ".freq.out", D, 0, D, true);
  } else {
    picker.layer("blocks.", n, ".freq.conv", D, a.kernel, D, true);
  }
}

uint32_t walk(const Architecture& a, uint32_t wanted, TensorSpec* spec) {
  Picker picker(wanted, spec);
  const uint32_t C = a.channels, D = a.width, B = a.bands, P = a.positions();
  picker.layer("in", kNone, "", C, a.kernel, 3 * a.fold, true);
  for (uint32_t i = 1; i <= a.encoder_layers; ++i) picker.layer("encoder.", i, "", C, a.kernel, C, true);
  picker.add({"reduce", kNone, "", ".weight", 2, {B, P, 1}});
  picker.layer("reduce", kNone, ".proj", D, 0, C, false);
  picker.add({"embedding", kNone, "", "", 2, {B, D, 1}});
  for (uint32_t n = 0; n < a.blocks; ++n) add_block(picker, a, n);
  picker.layer("expand", kNone, ".proj", C, 0, D, false);
  picker.add({"expand", kNone, "", ".weight", 2, {P, B, 1}});
  for (uint32_t i = a.encoder_layers; i >= 1; --i) picker.layer("decoder.", i, "", C, a.kernel, C, true);
  picker.layer("out", kNone, "", 2 * a.fold, a.kernel, C, false);
  return picker.seen();
}

}  // namespace

const char* unsupported(const Architecture& a) {
  if (a.sample_rate_hz < 1000 || a.sample_rate_hz > 384000) return "sample_rate_hz is outside 1000 to 384000";
  if (a.window_samples < 16 || a.window_samples > kMaxWindow) return "window_samples is outside 16 to 8192";
  if (a.window_samples % 2 != 0 || a.hop_samples != a.window_samples / 2) return "hop_samples is not half the window";
  if (!(a.compression >= 0.1 && a.compression <= 1.0)) return "compression is outside 0.1 to 1";
  if (a.fold < 1 || a.fold > 64 || a.bins() % a.fold != 0) return "fold does not divide the number of bins";
  if (a.channels < 1 || a.channels > kMaxWidth) return "channels is outside 1 to 1024";
  if (a.kernel < 1 || a.kernel > kMaxKernel || a.kernel % 2 == 0) return "kernel is not odd or outside 1 to 31";
  if (a.encoder_layers > kMaxEncoderLayers) return "encoder_layers is above 16";
  if (a.bands < 1 || a.bands > kMaxBands) return "bands is outside 1 to 512";
  if (a.width < 1 || a.width > kMaxWidth) return "width is outside 1 to 1024";
  if (a.blocks < 1 || a.blocks > kMaxBlocks) return "blocks is outside 1 to 16";
  if (a.time_mixer == TimeMixer::kGru) {
    if (a.hidden < 1 || a.hidden > kMaxWidth) return "hidden is outside 1 to 1024";
  } else {
    if (a.time_kernel < 1 || a.time_kernel > kMaxTimeKernel) return "time_kernel is outside 1 to 32";
    if (a.time_layers < 1 || a.time_layers > kMaxTimeLayers) return "time_layers is outside 1 to 8";
  }
  if (state_floats(a) > kMaxStateFloats) return "the state of the time mixers is above 64 MiB";
  return nullptr;
}

bool tensor_spec(const Architecture& architecture, uint32_t index, TensorSpec* spec) {
  return index < walk(architecture, index, spec);
}

uint32_t tensor_count(const Architecture& architecture) { return walk(architecture, kNone, nullptr); }

uint64_t parameter_count(const Architecture& architecture) {
  uint64_t sum = 0;
  TensorSpec spec;
  for (uint32_t i = 0; tensor_spec(architecture, i, &spec); ++i) sum += spec.count();
  return sum;
}

uint64_t multiply_adds_per_frame(const Architecture& a) {
  const uint64_t C = a.channels, D = a.width, B = a.bands, P = a.positions(), H = a.hidden, k = a.kernel;
  const uint64_t ends = P * k * C * (3 * a.fold) + P * k * C * (2 * a.fold);
  const uint64_t coders = 2 * a.encoder_layers * P * k * C * C;
  const uint64_t bands = 2 * B * P * C + 2 * B * C * D;
  const uint64_t time = a.time_mixer == TimeMixer::kGru ? B * (3 * H * (D + H) + H * D)
                                                        : uint64_t{a.time_layers} * a.time_kernel * B * D * D;
  const uint64_t freq = a.freq_mixer == FreqMixer::kDense ? B * B * D + B * D * D : B * k * D * D;
  return ends + coders + bands + a.blocks * (time + freq);
}

uint64_t state_floats(const Architecture& a) {
  if (a.time_mixer == TimeMixer::kGru) return uint64_t{a.blocks} * a.bands * a.hidden;
  const uint64_t frames = uint64_t{a.time_kernel - 1} * ((uint64_t{1} << a.time_layers) - 1);
  return uint64_t{a.blocks} * frames * a.bands * a.width;
}

}  // namespace pellucid::nn
