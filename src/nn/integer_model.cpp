#include "nn/integer_model.hpp"

#include "dsp/fixed_stft.hpp"
#include "nn/integer_kernels.hpp"
#include "nn/model_file.hpp"

namespace pellucid::nn {
namespace {

constexpr uint32_t kNone = 0xffffffffu;

/// Builds "blocks.3.time.ih" and the like.
void name_product(ProductSpec* spec, const char* prefix, uint32_t number, const char* suffix) {
  uint32_t length = 0;
  const auto text = [&](const char* s) {
    while (*s != '\0' && length + 1 < sizeof spec->name) spec->name[length++] = *s++;
  };
  *spec = ProductSpec{};
  text(prefix);
  if (number != kNone) {
    const char digits[3] = {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10), '\0'};
    text(number >= 10 ? digits : digits + 1);
  }
  text(suffix);
}

/// Hands out the wanted product of a sequence and counts the others.
struct ProductPicker {
  uint32_t wanted;
  ProductSpec* spec;
  uint32_t seen = 0;
  void add(const char* prefix, uint32_t number, const char* suffix, uint32_t rows, uint32_t columns,
           ProductUse use = ProductUse::kAffine) {
    if (seen++ != wanted) return;
    name_product(spec, prefix, number, suffix);
    spec->use = use;
    spec->rows = rows;
    spec->columns = columns;
  }
};

uint32_t walk(const Architecture& a, uint32_t wanted, ProductSpec* spec) {
  ProductPicker picker{wanted, spec};
  const uint32_t C = a.channels, D = a.width, B = a.bands, H = a.hidden, P = a.positions(), k = a.kernel;
  picker.add("in", kNone, "", C, k * 3 * a.fold);
  for (uint32_t i = 1; i <= a.encoder_layers; ++i) picker.add("encoder.", i, "", C, k * C);
  picker.add("reduce", kNone, "", B, P, ProductUse::kMix);
  picker.add("reduce.proj", kNone, "", D, C);
  for (uint32_t n = 0; n < a.blocks; ++n) {
    if (a.time_mixer == TimeMixer::kGru) {
      picker.add("blocks.", n, ".time.ih", 3 * H, D);
      picker.add("blocks.", n, ".time.hh", 3 * H, H);
      picker.add("blocks.", n, ".time.out", D, H);
    } else {
      static constexpr const char* kLayers[kMaxTimeLayers] = {".time.0", ".time.1", ".time.2", ".time.3",
                                                              ".time.4", ".time.5", ".time.6", ".time.7"};
      for (uint32_t l = 0; l < a.time_layers; ++l) picker.add("blocks.", n, kLayers[l], D, a.time_kernel * D);
    }
    if (a.freq_mixer == FreqMixer::kDense) {
      picker.add("blocks.", n, ".freq.mix", D * B, B, ProductUse::kDense);
      picker.add("blocks.", n, ".freq.out", D, D);
    } else {
      picker.add("blocks.", n, ".freq.conv", D, k * D);
    }
  }
  picker.add("expand.proj", kNone, "", C, D);
  picker.add("expand", kNone, "", P, B, ProductUse::kMix);
  for (uint32_t i = a.encoder_layers; i >= 1; --i) picker.add("decoder.", i, "", C, k * C);
  picker.add("out", kNone, "", 2 * a.fold, k * C);
  return picker.seen;
}

void append(char* name, const char* suffix) {
  size_t length = 0;
  while (name[length] != '\0') ++length;
  while (*suffix != '\0') name[length++] = *suffix++;
  name[length] = '\0';
}

uint32_t read_u32(const uint8_t* p) {
  return p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 |
         static_cast<uint32_t>(p[3]) << 24;
}
int32_t read_i32(const uint8_t* p) { return static_cast<int32_t>(read_u32(p)); }
int16_t read_i16(const uint8_t* p) { return static_cast<int16_t>(p[0] | p[1] << 8); }

/// The numbers of a file, which are little-endian whatever the processor is.
const int32_t* biases(const uint8_t* from, uint32_t rows, dsp::Arena& arena) {
  int32_t* made = arena.take<int32_t>(rows);
  for (uint32_t r = 0; made != nullptr && r < rows; ++r) made[r] = read_i32(from + 4 * r);
  return made;
}

const RowScale* scales(const uint8_t* from, uint32_t rows, dsp::Arena& arena) {
  RowScale* made = arena.take<RowScale>(rows);
  for (uint32_t r = 0; made != nullptr && r < rows; ++r, from += 6) {
    made[r] = {read_i16(from), read_i16(from + 2), read_i16(from + 4)};
  }
  return made;
}

bool valid_multiplier(int32_t multiplier) {
  return multiplier >= -kLargestMultiplier && multiplier <= kLargestMultiplier;
}

}  // namespace

bool product_spec(const Architecture& architecture, uint32_t index, ProductSpec* spec) {
  return index < walk(architecture, index, spec);
}

uint32_t product_count(const Architecture& architecture) { return walk(architecture, kNone, nullptr); }

bool integer_tensor_spec(const Architecture& a, uint32_t index, TensorSpec* spec) {
  const uint32_t count = product_count(a);
  *spec = TensorSpec{};
  ProductSpec product;
  if (index == 2 * count) {
    const char name[] = "embedding";
    __builtin_memcpy(spec->name, name, sizeof name);
    spec->type = DataType::kI16;
    spec->rank = 2;
    spec->shape[0] = a.bands;
    spec->shape[1] = a.width;
    return true;
  }
  const uint32_t kind = index < count ? 0 : index < 2 * count ? 1 : 2;
  const uint32_t number = kind == 2 ? index - 2 * count - 1 : index - kind * count;
  if (!product_spec(a, number, &product)) return false;
  static constexpr const char* kSuffix[] = {".bias", ".scale", ".weight"};
  static constexpr DataType kType[] = {DataType::kI32, DataType::kI16, DataType::kI8};
  __builtin_memcpy(spec->name, product.name, sizeof spec->name);
  append(spec->name, kSuffix[kind]);
  spec->type = kType[kind];
  spec->rank = kind == 0 ? 1 : 2;
  spec->shape[0] = product.rows;
  if (kind > 0) spec->shape[1] = kind == 1 ? 3 : product.columns;
  return true;
}

const char* integer_unsupported(const Architecture& a) {
  if (!dsp::FixedStft::supports(a.window_samples)) {
    return "an int8 model's window_samples is not a power of two from 64 to 1024";
  }
  if (a.overlap() != 2) return "an int8 model's hop_samples is not half its window";
  if (a.time_mixer == TimeMixer::kAttention) return "an int8 model's time_mixer is neither gru nor conv";
  if (a.freq_mixer != FreqMixer::kDense && a.freq_mixer != FreqMixer::kConv) {
    return "an int8 model's freq_mixer is neither dense nor conv";
  }
  if (a.output != Output::kComplexMask) return "an int8 model's output is not complex_mask";
  if (!(a.compression <= 0.999)) return "an int8 model's compression is above 0.999";
  return nullptr;
}

const char* integer_problem(const ModelFile& file) {
  const Architecture& a = file.architecture();
  const uint32_t count = product_count(a);
  ProductSpec product;
  for (uint32_t i = 0; product_spec(a, i, &product); ++i) {
    const uint8_t *bias = file.tensor(i), *scale = file.tensor(count + i), *weight = file.tensor(2 * count + 1 + i);
    for (uint32_t r = 0; r < product.rows; ++r, bias += 4, scale += 6, weight += product.columns) {
      const int32_t shift = read_i16(scale);
      if (shift < 0 || shift > 31) return "the shift of a row is outside 0 to 31";
      if (!valid_multiplier(read_i16(scale + 2)) || !valid_multiplier(read_i16(scale + 4))) {
        return "the multiplier of a row is outside -16383 to 16383";
      }
      uint64_t most = 0;  // weights: activations are within ±32767
      for (uint32_t c = 0; c < product.columns; ++c) {
        const int32_t w = static_cast<int8_t>(weight[c]);
        most += static_cast<uint64_t>(w < 0 ? -w : w);
      }
      const int64_t start = read_i32(bias);
      most = most * 32767 + static_cast<uint64_t>(start < 0 ? -start : start);
      if (most > 0x7fffffff) return "the sum of a row can overflow";
    }
  }
  return nullptr;
}

bool load_integer_model(const ModelFile& file, const IntegerKernels& kernels, dsp::Arena& arena, IntegerModel* model) {
  const Architecture& a = file.architecture();
  const uint32_t count = product_count(a);
  IntegerProduct* products = arena.take<IntegerProduct>(count);
  *model = IntegerModel{a, products, nullptr, file.features_q(), file.mask_q(), 0};
  model->compression_q16 = static_cast<uint32_t>(a.compression * 65536.0 + 0.5);
  ProductSpec spec;
  for (uint32_t i = 0; product_spec(a, i, &spec); ++i) {
    IntegerProduct made = {};
    made.rows = spec.rows;
    made.columns = spec.columns;
    made.bias = biases(file.tensor(i), spec.rows, arena);
    made.scale = scales(file.tensor(count + i), spec.rows, arena);
    const uint8_t* weight = file.tensor(2 * count + 1 + i);
    const size_t packed_bytes = kernels.packed_bytes(made, spec.use, a.bands);
    if (packed_bytes == 0) {
      const size_t bytes = size_t{spec.rows} * spec.columns;
      int8_t* copy = arena.take<int8_t>(bytes);
      if (copy != nullptr) __builtin_memcpy(copy, weight, bytes);
      made.weight = copy;
    } else {
      void* packed = arena.take<uint8_t>(packed_bytes);
      made.weight = reinterpret_cast<const int8_t*>(weight);
      if (packed != nullptr) kernels.pack(made, spec.use, a.bands, packed);
      made.weight = nullptr;
      made.packed = packed;
    }
    if (products != nullptr) products[i] = made;
  }
  const size_t values = size_t{a.bands} * a.width;
  int16_t* embedding = arena.take<int16_t>(values + kIntegerSlack / sizeof(int16_t));
  for (size_t i = 0; embedding != nullptr && i < values; ++i) embedding[i] = read_i16(file.tensor(2 * count) + 2 * i);
  model->embedding = embedding;
  return !arena.failed() && model->embedding != nullptr;
}

}  // namespace pellucid::nn
