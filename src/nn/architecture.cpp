#include "nn/architecture.hpp"

namespace pellucid::nn {
namespace {

bool always(const Architecture&) { return true; }
bool time_has_width(const Architecture& a) { return a.time_mixer != TimeMixer::kConv; }
bool time_is_conv(const Architecture& a) { return a.time_mixer == TimeMixer::kConv; }
bool time_attends(const Architecture& a) { return a.time_mixer == TimeMixer::kAttention; }
bool freq_attends(const Architecture& a) { return a.freq_mixer == FreqMixer::kAttention; }
bool freq_has_width(const Architecture& a) { return freq_attends(a) || a.freq_mixer == FreqMixer::kGru; }
bool anything_attends(const Architecture& a) { return time_attends(a) || freq_attends(a); }

#define PELLUCID_NUMBER(key, least, most, used) \
  { #key, &Architecture::key, least, most, #key " is outside " #least " to " #most, used }

constexpr NumberField kNumbers[] = {
    PELLUCID_NUMBER(sample_rate_hz, 1000, 384000, always),
    PELLUCID_NUMBER(window_samples, 16, 8192, always),
    PELLUCID_NUMBER(hop_samples, 2, 4096, always),
    PELLUCID_NUMBER(fold, 1, 64, always),
    PELLUCID_NUMBER(channels, 1, 1024, always),
    PELLUCID_NUMBER(kernel, 1, 31, always),
    PELLUCID_NUMBER(encoder_layers, 0, 16, always),
    PELLUCID_NUMBER(bands, 1, 512, always),
    PELLUCID_NUMBER(width, 1, 1024, always),
    PELLUCID_NUMBER(blocks, 1, 16, always),
    PELLUCID_NUMBER(hidden, 1, 1024, time_has_width),
    PELLUCID_NUMBER(time_kernel, 1, 32, time_is_conv),
    PELLUCID_NUMBER(time_layers, 1, 8, time_is_conv),
    PELLUCID_NUMBER(context_frames, 1, 1024, time_attends),
    PELLUCID_NUMBER(freq_hidden, 1, 1024, freq_has_width),
    PELLUCID_NUMBER(heads, 1, 64, anything_attends),
};
#undef PELLUCID_NUMBER
// The literals above are what the sentences show.
static_assert(kMaxWindow == 8192 && kMaxWidth == 1024 && kMaxKernel == 31 && kMaxBands == 512 && kMaxBlocks == 16 &&
              kMaxEncoderLayers == 16 && kMaxTimeKernel == 32 && kMaxTimeLayers == 8);

constexpr const char* kTimeMixers[] = {"gru", "conv", "attention", nullptr};
constexpr const char* kFreqMixers[] = {"dense", "conv", "gru", "attention", nullptr};
constexpr const char* kOutputs[] = {"complex_mask", "band_gains", nullptr};

constexpr ChoiceField kChoices[] = {
    {"time_mixer", kTimeMixers, "its time_mixer is none that this version knows",
     [](const Architecture& a) { return static_cast<uint32_t>(a.time_mixer); },
     [](Architecture& a, uint32_t index) { a.time_mixer = static_cast<TimeMixer>(index); }},
    {"freq_mixer", kFreqMixers, "its freq_mixer is none that this version knows",
     [](const Architecture& a) { return static_cast<uint32_t>(a.freq_mixer); },
     [](Architecture& a, uint32_t index) { a.freq_mixer = static_cast<FreqMixer>(index); }},
    {"output", kOutputs, "its output is none that this version knows",
     [](const Architecture& a) { return static_cast<uint32_t>(a.output); },
     [](Architecture& a, uint32_t index) { a.output = static_cast<Output>(index); }},
};

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
  uint32_t uses = 0;  // as in TensorSpec
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
    spec_->uses = part.uses;
  }
  /// A convolution or, with taps 0, a linear layer, of `uses` positions or bands.
  void layer(const char* prefix, uint32_t index, const char* middle, uint32_t out, uint32_t taps, uint32_t in,
             uint32_t uses, bool slope) {
    if (taps > 0) {
      add({prefix, index, middle, ".weight", 3, {out, taps, in}, uses});
    } else {
      add({prefix, index, middle, ".weight", 2, {out, in, 1}, uses});
    }
    add({prefix, index, middle, ".bias", 1, {out, 1, 1}});
    if (slope) add({prefix, index, middle, ".slope", 1, {out, 1, 1}});
  }
  uint32_t seen() const { return seen_; }

 private:
  uint32_t wanted_, seen_ = 0;
  TensorSpec* spec_;
};

/// The weights of a GRU of `uses` bands: `input` columns, `units` rows a gate.
void add_gru(Picker& picker, uint32_t n, const char* place, uint32_t input, uint32_t units, uint32_t uses) {
  picker.add({"blocks.", n, place, ".weight_ih", 2, {3 * units, input, 1}, uses});
  picker.add({"blocks.", n, place, ".weight_hh", 2, {3 * units, units, 1}, uses});
  picker.add({"blocks.", n, place, ".bias_ih", 1, {3 * units, 1, 1}});
  picker.add({"blocks.", n, place, ".bias_hh", 1, {3 * units, 1, 1}});
}

void add_time_mixer(Picker& picker, const Architecture& a, uint32_t n) {
  static constexpr const char* kLayers[kMaxTimeLayers] = {".time.0", ".time.1", ".time.2", ".time.3",
                                                          ".time.4", ".time.5", ".time.6", ".time.7"};
  const uint32_t D = a.width, H = a.hidden, B = a.bands;
  switch (a.time_mixer) {
    case TimeMixer::kGru:
      add_gru(picker, n, ".time", D, H, B);
      break;
    case TimeMixer::kConv:
      for (uint32_t l = 0; l < a.time_layers; ++l) picker.layer("blocks.", n, kLayers[l], D, a.time_kernel, D, B, true);
      return;
    case TimeMixer::kAttention:
      picker.layer("blocks.", n, ".time.qkv", 3 * H, 0, D, B, false);
      picker.add({"blocks.", n, ".time", ".position", 2, {a.heads, a.context_frames, 1}});
      break;
  }
  picker.layer("blocks.", n, ".time.out", D, 0, H, B, false);
}

void add_freq_mixer(Picker& picker, const Architecture& a, uint32_t n) {
  const uint32_t D = a.width, G = a.freq_hidden, B = a.bands;
  switch (a.freq_mixer) {
    case FreqMixer::kDense:
      picker.add({"blocks.", n, ".freq.mix", ".weight", 3, {B, B, D}});
      picker.layer("blocks.", n, ".freq.out", D, 0, D, B, true);
      break;
    case FreqMixer::kConv:
      picker.layer("blocks.", n, ".freq.conv", D, a.kernel, D, B, true);
      break;
    case FreqMixer::kGru:
      add_gru(picker, n, ".freq.up", D, G, B);
      add_gru(picker, n, ".freq.down", D, G, B);
      picker.layer("blocks.", n, ".freq.out", D, 0, 2 * G, B, false);
      break;
    case FreqMixer::kAttention:
      picker.layer("blocks.", n, ".freq.qkv", 3 * G, 0, D, B, false);
      picker.add({"blocks.", n, ".freq", ".position", 3, {a.heads, B, B}});
      picker.layer("blocks.", n, ".freq.out", D, 0, G, B, false);
      break;
  }
}

uint32_t walk(const Architecture& a, uint32_t wanted, TensorSpec* spec) {
  Picker picker(wanted, spec);
  const uint32_t C = a.channels, D = a.width, B = a.bands, P = a.positions();
  picker.layer("in", kNone, "", C, a.kernel, 3 * a.fold, P, true);
  for (uint32_t i = 1; i <= a.encoder_layers; ++i) picker.layer("encoder.", i, "", C, a.kernel, C, P, true);
  picker.add({"reduce", kNone, "", ".weight", 2, {B, P, 1}});
  picker.layer("reduce", kNone, ".proj", D, 0, C, B, false);
  picker.add({"embedding", kNone, "", "", 2, {B, D, 1}});
  for (uint32_t n = 0; n < a.blocks; ++n) {
    add_time_mixer(picker, a, n);
    add_freq_mixer(picker, a, n);
  }
  if (a.output == Output::kBandGains) {
    picker.layer("out", kNone, "", 1, 0, D, B, false);
    picker.add({"expand", kNone, "", ".weight", 2, {a.bins(), B, 1}});
    return picker.seen();
  }
  picker.layer("expand", kNone, ".proj", C, 0, D, B, false);
  picker.add({"expand", kNone, "", ".weight", 2, {P, B, 1}});
  for (uint32_t i = a.encoder_layers; i >= 1; --i) picker.layer("decoder.", i, "", C, a.kernel, C, P, true);
  picker.layer("out", kNone, "", 2 * a.fold, a.kernel, C, P, false);
  return picker.seen();
}

/// Of one frame in one block.
uint64_t time_multiply_adds(const Architecture& a) {
  const uint64_t D = a.width, B = a.bands, H = a.hidden;
  switch (a.time_mixer) {
    case TimeMixer::kGru:
      return B * (3 * H * (D + H) + H * D);
    case TimeMixer::kConv:
      return uint64_t{a.time_layers} * a.time_kernel * B * D * D;
    case TimeMixer::kAttention:
      break;
  }
  return B * (3 * H * D + 2 * a.context_frames * H + H * D);
}

uint64_t freq_multiply_adds(const Architecture& a) {
  const uint64_t D = a.width, B = a.bands, G = a.freq_hidden;
  switch (a.freq_mixer) {
    case FreqMixer::kDense:
      return B * B * D + B * D * D;
    case FreqMixer::kConv:
      return B * a.kernel * D * D;
    case FreqMixer::kGru:
      return B * (2 * 3 * G * (D + G) + 2 * G * D);
    case FreqMixer::kAttention:
      break;
  }
  return B * (3 * G * D + 2 * B * G + G * D);
}

}  // namespace

const NumberField* number_field(uint32_t index) {
  return index < sizeof kNumbers / sizeof kNumbers[0] ? &kNumbers[index] : nullptr;
}

const ChoiceField* choice_field(uint32_t index) {
  return index < sizeof kChoices / sizeof kChoices[0] ? &kChoices[index] : nullptr;
}

const char* unsupported(const Architecture& a) {
  for (const NumberField& number : kNumbers) {
    const uint32_t value = a.*number.value;
    if (number.used(a) && (value < number.least || value > number.most)) return number.out_of_range;
  }
  if (a.window_samples % 2 != 0) return "window_samples is odd";
  if (a.window_samples % a.hop_samples != 0 || a.overlap() < 2 || a.overlap() > kMaxOverlap) {
    return "window_samples is not 2 to 8 times hop_samples";
  }
  if (!(a.compression >= 0.1 && a.compression <= 1.0)) return "compression is outside 0.1 to 1";
  if (a.bins() % a.fold != 0) return "fold does not divide the number of bins";
  if (a.kernel % 2 == 0) return "kernel is even";
  if (time_attends(a) && a.hidden % a.heads != 0) return "heads does not divide hidden";
  if (freq_attends(a) && a.freq_hidden % a.heads != 0) return "heads does not divide freq_hidden";
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
  const uint64_t C = a.channels, D = a.width, B = a.bands, P = a.positions(), k = a.kernel;
  const uint64_t encoder = P * k * C * (3 * a.fold) + a.encoder_layers * P * k * C * C + B * P * C + B * C * D;
  const uint64_t blocks = a.blocks * (time_multiply_adds(a) + freq_multiply_adds(a));
  if (a.output == Output::kBandGains) return encoder + blocks + B * D + a.bins() * B;
  const uint64_t decoder = P * k * C * (2 * a.fold) + a.encoder_layers * P * k * C * C + B * P * C + B * C * D;
  return encoder + blocks + decoder;
}

uint64_t state_floats(const Architecture& a) {
  const uint64_t B = a.bands;
  switch (a.time_mixer) {
    case TimeMixer::kGru:
      return a.blocks * B * a.hidden;
    case TimeMixer::kConv:
      return a.blocks * uint64_t{a.time_kernel - 1} * ((uint64_t{1} << a.time_layers) - 1) * B * a.width;
    case TimeMixer::kAttention:
      break;
  }
  return a.blocks * uint64_t{a.context_frames - 1} * B * 2 * a.hidden;
}

}  // namespace pellucid::nn
