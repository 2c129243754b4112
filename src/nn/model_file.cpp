#include "nn/model_file.hpp"

#include "nn/blocks.hpp"
#include "nn/crc32.hpp"
#include "nn/integer_model.hpp"

namespace pellucid::nn {
namespace {

constexpr size_t kMaxHeader = size_t{1} << 20;
constexpr size_t kMaxFile = size_t{1} << 30;

/// One tensor as the header tells it. `begin` and `end` count from the start of the data.
struct Entry {
  Text name, dtype;
  uint32_t rank = 0;
  uint64_t shape[3] = {};
  uint64_t begin = 0, end = 0;
};

bool read_entry(JsonReader& json, Entry* entry) {
  int seen = 0;
  if (!json.take('{')) return false;
  do {
    Text key;
    if (!json.string(&key) || !json.take(':')) return false;
    if (key.equals("dtype")) {
      if (!json.string(&entry->dtype)) return false;
      seen |= 1;
    } else if (key.equals("shape")) {
      if (!json.take('[')) return false;
      entry->rank = 0;
      if (!json.take(']')) {
        do {
          if (entry->rank == 3 || !json.number(&entry->shape[entry->rank++])) return false;
        } while (json.take(','));
        if (!json.take(']')) return false;
      }
      seen |= 2;
    } else if (key.equals("data_offsets")) {
      if (!json.take('[') || !json.number(&entry->begin) || !json.take(',') || !json.number(&entry->end) ||
          !json.take(']')) {
        return false;
      }
      seen |= 4;
    } else {
      return false;
    }
  } while (json.take(','));
  return json.take('}') && seen == 7;
}

/// Reads the header through, calling visit.metadata(key, value) and visit.tensor(entry); both may stop it by false.
template <typename Visitor>
bool walk_header(const char* header, size_t size, Visitor& visit) {
  JsonReader json(header, size);
  if (!json.take('{')) return false;
  do {
    Text name;
    if (!json.string(&name) || !json.take(':')) return false;
    if (name.equals("__metadata__")) {
      if (!json.take('{')) return false;
      if (json.take('}')) continue;
      do {
        Text key, value;
        if (!json.string(&key) || !json.take(':') || !json.string(&value)) return false;
        if (!visit.metadata(key, value)) return false;
      } while (json.take(','));
      if (!json.take('}')) return false;
    } else {
      Entry entry;
      entry.name = name;
      if (!read_entry(json, &entry) || !visit.tensor(entry)) return false;
    }
  } while (json.take(','));
  return json.take('}') && json.at_end();
}

/// Finds one string of the metadata, refusing a second of the same name.
struct Find {
  const char* key;
  Text value;
  bool found = false;
  bool metadata(const Text& name, const Text& text) {
    if (!name.equals(key)) return true;
    if (found) return false;
    found = true;
    value = text;
    return true;
  }
  bool tensor(const Entry&) { return true; }
};

/// Where the data ends by the header.
struct FindEnd {
  uint64_t end = 0;
  uint32_t tensors = 0;
  bool metadata(const Text&, const Text&) { return true; }
  bool tensor(const Entry& entry) {
    if (entry.end > end) end = entry.end;
    return ++tensors <= 4 * kMaxTensors;
  }
};

using SpecOf = bool (*)(const Architecture&, uint32_t, TensorSpec*);

/// "NAME.kept" is the bit map of tensor NAME.
bool is_map_name(const Text& name) {
  static constexpr char kEnd[] = ".kept";
  constexpr size_t kSize = sizeof kEnd - 1;
  return name.size > kSize && Text{name.data + name.size - kSize, kSize}.equals(kEnd);
}
Text without_map_name(const Text& name) { return {name.data, name.size - 5}; }

/// Puts every tensor of the header, and in a sparse model every bit map, to its place in the architecture's order.
struct Match {
  const Architecture& architecture;
  SpecOf spec_of;
  uint32_t* offset;  ///< of `count` tensors, and of as many maps
  uint64_t data_size;
  uint32_t count;
  bool sparse;
  const char* problem = nullptr;
  uint32_t end[2 * kMaxTensors] = {};  ///< 0: not there
  uint32_t blocks[kMaxTensors] = {};   ///< of a tensor in blocks
  bool half[kMaxTensors] = {};
  uint32_t matched = 0;

  bool fail(const char* what) {
    problem = what;
    return false;
  }
  bool metadata(const Text&, const Text&) { return true; }
  bool tensor(const Entry& entry) {
    const bool is_map = sparse && is_map_name(entry.name);
    const Text name = is_map ? without_map_name(entry.name) : entry.name;
    TensorSpec spec;
    uint32_t index = 0;
    while (spec_of(architecture, index, &spec) && !name.equals(spec.name)) ++index;
    if (index >= count) return fail("it holds a tensor that its architecture does not have");
    return is_map ? take_map(entry, index, spec) : take_tensor(entry, index, spec);
  }
  bool take_tensor(const Entry& entry, uint32_t index, const TensorSpec& spec) {
    static constexpr const char* kTypes[] = {"F32", "I32", "I16", "I8"};
    half[index] = spec.type == DataType::kF32 && entry.dtype.equals("F16");
    if (!half[index] && !entry.dtype.equals(kTypes[static_cast<int>(spec.type)])) {
      return fail(spec.type == DataType::kF32 ? "a tensor is neither float32 nor float16"
                                              : "a tensor is not of the type it should be");
    }
    uint64_t bytes = spec.bytes();
    if (in_blocks(entry, spec)) {
      blocks[index] = static_cast<uint32_t>(entry.shape[0]);
      bytes = uint64_t{blocks[index]} * kBlockWeights * sizeof(float);
    } else {
      bool same = entry.rank == spec.rank;
      for (uint32_t i = 0; same && i < spec.rank; ++i) same = entry.shape[i] == spec.shape[i];
      if (!same) return fail("a tensor has a shape that its architecture does not have");
    }
    ++matched;
    return place(entry, index, half[index] ? bytes / 2 : bytes);
  }
  /// [blocks, 4, 8], fewer than would fill the tensor.
  bool in_blocks(const Entry& entry, const TensorSpec& spec) const {
    BlockGrid grid;
    return sparse && grid.of(spec) && entry.rank == 3 && entry.shape[0] >= 1 && entry.shape[0] < grid.count() &&
           entry.shape[1] == kBlockInputs && entry.shape[2] == kBlockOutputs;
  }
  bool take_map(const Entry& entry, uint32_t index, const TensorSpec& spec) {
    BlockGrid grid;
    if (!grid.of(spec)) return fail("it has a map of the blocks of a tensor that has none");
    if (!entry.dtype.equals("U8") || entry.rank != 1 || entry.shape[0] != grid.map_bytes()) {
      return fail("a map of blocks has another type or size than its tensor asks for");
    }
    return place(entry, count + index, grid.map_bytes());
  }
  bool place(const Entry& entry, uint32_t slot, uint64_t bytes) {
    if (end[slot] != 0) return fail("it holds a tensor twice");
    if (entry.begin > entry.end || entry.end > data_size || entry.end - entry.begin != bytes) {
      return fail("a tensor lies outside the file or has another size than its shape");
    }
    offset[slot] = static_cast<uint32_t>(entry.begin);
    end[slot] = static_cast<uint32_t>(entry.end);
    return true;
  }
  uint32_t slots() const { return sparse ? 2 * count : count; }
  /// Whether the tensors follow one another from 0 to the end: each starts where one ends, no two start together.
  bool tiles() const {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < slots(); ++i) {
      if (end[i] == 0) continue;
      bool joined = offset[i] == 0;
      for (uint32_t j = 0; j < slots(); ++j) {
        if (end[j] == 0) continue;
        if (j != i && offset[j] == offset[i]) return false;
        joined = joined || end[j] == offset[i];
      }
      if (!joined) return false;
      sum += end[i] - offset[i];
    }
    return sum == data_size;
  }
  /// What is wrong with the maps; null when each belongs to a tensor in blocks and has as many bits as that has blocks.
  const char* map_problem(const uint8_t* data) const {
    for (uint32_t i = 0; sparse && i < count; ++i) {
      if (blocks[i] == 0 && end[count + i] == 0) continue;
      if (blocks[i] == 0) return "it has a map of the blocks of a tensor that is whole";
      if (end[count + i] == 0) return "the map of a tensor's blocks is missing";
      BlockGrid grid;
      TensorSpec spec;
      spec_of(architecture, i, &spec);
      grid.of(spec);
      if (blocks_before(data + offset[count + i], 8 * grid.map_bytes()) != blocks[i] ||
          blocks_before(data + offset[count + i], grid.count()) != blocks[i]) {
        return "a map of blocks does not have as many as its tensor";
      }
    }
    return nullptr;
  }
};

/// Infinity or not a number: all ones in the exponent.
bool has_infinite(const FloatValues& values, size_t bytes) {
  const uint8_t* p = values.from;
  for (const uint8_t* end = p + bytes; p < end; p += values.half ? 2 : 4) {
    if (values.half ? (p[1] & 0x7c) == 0x7c : (p[3] & 0x7f) == 0x7f && (p[2] & 0x80) != 0) return true;
  }
  return false;
}

bool hex_value(const Text& digits, uint32_t* value) {
  if (digits.size != 8) return false;
  *value = 0;
  for (size_t i = 0; i < 8; ++i) {
    const char c = digits.data[i];
    const bool decimal = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
    if (!decimal && !letter) return false;
    *value = *value << 4 | static_cast<uint32_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  return true;
}

}  // namespace

Text ModelFile::metadata(const char* key) const {
  Find find{key, {}};
  return walk_header(header_, header_size_, find) && find.found ? find.value : Text{};
}

ModelError ModelFile::parse(const void* bytes, size_t size) {
  const uint8_t* file = static_cast<const uint8_t*>(bytes);
  if (size < 16) return {ModelStatus::kTruncated, "it has fewer than 16 bytes"};
  if (size > kMaxFile) return {ModelStatus::kNotAModel, "it is larger than 1 GiB"};
  uint64_t header_size = 0;
  for (int i = 7; i >= 0; --i) header_size = header_size << 8 | file[i];
  if (header_size > kMaxHeader || file[8] != '{') {
    return {ModelStatus::kNotAModel, "it does not start with a safetensors header"};
  }
  if (header_size > size - 8) return {ModelStatus::kTruncated, "it ends inside its header"};
  header_ = reinterpret_cast<const char*>(file + 8);
  header_size_ = static_cast<size_t>(header_size);
  data_ = file + 8 + header_size_;
  const size_t data_size = size - 8 - header_size_;

  FindEnd extent;
  if (!walk_header(header_, header_size_, extent)) return {ModelStatus::kDamaged, "its header cannot be read"};
  const Text format = metadata("format");
  if (!format.equals("pellucid-1")) {
    if (format.starts_with("pellucid-")) return {ModelStatus::kVersion, "its format is not pellucid-1"};
    return {ModelStatus::kNotAModel, "its metadata does not say format pellucid-1"};
  }
  if (extent.end != data_size) {
    return {ModelStatus::kTruncated,
            extent.end > data_size ? "it ends before its last tensor" : "it goes on after its last tensor"};
  }
  const Text checksum = metadata("checksum");
  uint32_t expected;
  if (!checksum.starts_with("crc32:") || !hex_value({checksum.data + 6, checksum.size - 6}, &expected)) {
    return {ModelStatus::kDamaged, "it has no checksum"};
  }
  const uint8_t* digits = reinterpret_cast<const uint8_t*>(checksum.data + 6);
  static constexpr uint8_t kZeros[8] = {'0', '0', '0', '0', '0', '0', '0', '0'};
  uint32_t crc = crc32(0, file, static_cast<size_t>(digits - file));
  crc = crc32(crc, kZeros, 8);
  crc = crc32(crc, digits + 8, size - static_cast<size_t>(digits + 8 - file));
  if (crc != expected) return {ModelStatus::kDamaged, "its checksum does not match its content"};

  ModelError error = read_architecture();
  if (error.status == ModelStatus::kOk) error = read_arithmetic();
  if (error.status == ModelStatus::kOk) error = read_sparsity();
  return error.status == ModelStatus::kOk ? match_tensors(data_size) : error;
}

ModelError ModelFile::read_architecture() {
  Architecture& a = architecture_;
  a = Architecture{};
  for (uint32_t i = 0; const ChoiceField* choice = choice_field(i); ++i) {
    const Text text = metadata(choice->key);
    uint32_t index = 0;
    while (choice->names[index] != nullptr && !text.equals(choice->names[index])) ++index;
    if (choice->names[index] == nullptr) return {ModelStatus::kUnsupported, choice->unknown};
    choice->set(a, index);
  }
  for (uint32_t i = 0; const NumberField* number = number_field(i); ++i) {
    if (number->used(a) && !parse_whole(metadata(number->key), &(a.*number->value))) {
      return {ModelStatus::kUnsupported, "a number of its architecture is missing or no number"};
    }
  }
  if (!parse_decimal(metadata("compression"), &a.compression)) {
    return {ModelStatus::kUnsupported, "its compression is missing or no number"};
  }
  const Text name = metadata("name");
  for (size_t i = 0; i < name.size && i + 1 < sizeof a.name; ++i) a.name[i] = name.data[i];
  if (const char* problem = unsupported(a)) return {ModelStatus::kUnsupported, problem};
  return {};
}

ModelError ModelFile::read_arithmetic() {
  const Text arithmetic = metadata("arithmetic");
  arithmetic_ = Arithmetic::kFloat32;
  if (arithmetic.size == 0 || arithmetic.equals("float32")) return {};
  if (!arithmetic.equals("int8")) return {ModelStatus::kUnsupported, "its arithmetic is neither float32 nor int8"};
  arithmetic_ = Arithmetic::kInt8;
  if (!parse_whole(metadata("features_q"), &features_q_) || features_q_ > 15 ||
      !parse_whole(metadata("mask_q"), &mask_q_) || mask_q_ > 15) {
    return {ModelStatus::kUnsupported, "its features_q or mask_q is missing or no number up to 15"};
  }
  if (const char* problem = integer_unsupported(architecture_)) return {ModelStatus::kUnsupported, problem};
  return {};
}

ModelError ModelFile::read_sparsity() {
  const Text sparsity = metadata("sparsity");
  sparse_ = sparsity.size != 0;
  if (!sparse_) return {};
  if (!sparsity.equals("blocks-8x4"))
    return {ModelStatus::kUnsupported, "its sparsity is none that this version knows"};
  if (arithmetic_ == Arithmetic::kInt8) return {ModelStatus::kUnsupported, "it is both int8 and sparse"};
  return {};
}

ModelError ModelFile::match_tensors(size_t data_size) {
  const bool integer = arithmetic_ == Arithmetic::kInt8;
  tensors_ = integer ? 3 * product_count(architecture_) + 1 : tensor_count(architecture_);
  Match match{architecture_, integer ? integer_tensor_spec : tensor_spec, offset_, data_size, tensors_, sparse_};
  if (!walk_header(header_, header_size_, match)) {
    return {ModelStatus::kDamaged, match.problem != nullptr ? match.problem : "its header cannot be read"};
  }
  if (match.matched != match.count) {
    return {ModelStatus::kDamaged, "a tensor that its architecture has is missing"};
  }
  if (!match.tiles()) return {ModelStatus::kDamaged, "its tensors overlap or leave gaps"};
  if (integer) {
    if (const char* problem = integer_problem(*this)) return {ModelStatus::kDamaged, problem};
    return {};
  }
  if (const char* problem = match.map_problem(data_)) return {ModelStatus::kDamaged, problem};
  for (uint32_t i = 0; i < tensors_; ++i) {
    has_map_[i] = match.blocks[i] != 0;
    half_[i] = match.half[i];
    if (has_infinite(values(i), match.end[i] - offset_[i])) return {ModelStatus::kDamaged, "a weight is not finite"};
  }
  return {};
}

bool ModelFile::any_half() const {
  bool any = false;
  for (const bool half : half_) any = any || half;
  return any;
}

void ModelFile::read(uint32_t index, float* values) const {
  TensorSpec spec;
  tensor_spec(architecture_, index, &spec);
  const FloatValues from = this->values(index);
  const uint8_t* map = kept(index);
  const size_t count = static_cast<size_t>(spec.count());
  if (map == nullptr) {
    for (size_t i = 0; i < count; ++i) values[i] = from[i];
    return;
  }
  BlockGrid grid;
  grid.of(spec);
  const size_t inputs = size_t{grid.across} * kBlockInputs;
  for (size_t i = 0; i < count; ++i) values[i] = 0.0f;
  size_t next = 0;
  for (uint32_t number = 0; number < grid.count(); ++number) {
    if (!has_block(map, number)) continue;
    float* to = values + number / grid.across * kBlockOutputs * inputs + number % grid.across * kBlockInputs;
    for (size_t i = 0; i < kBlockWeights; ++i) {
      to[i % kBlockOutputs * inputs + i / kBlockOutputs] = from[next++];
    }
  }
}

namespace {

/// Weights that a model does not have of its architecture's, each as often as a frame would use it.
uint64_t missing(const ModelFile& file, bool in_use) {
  uint64_t sum = 0;
  TensorSpec spec;
  for (uint32_t i = 0; file.sparse() && tensor_spec(file.architecture(), i, &spec); ++i) {
    const uint8_t* map = file.kept(i);
    BlockGrid grid;
    if (map == nullptr || !grid.of(spec)) continue;
    sum += uint64_t{grid.count() - blocks_before(map, grid.count())} * kBlockWeights * (in_use ? spec.uses : 1);
  }
  return sum;
}

}  // namespace

uint64_t parameter_count(const ModelFile& file) { return parameter_count(file.architecture()) - missing(file, false); }

uint64_t multiply_adds_per_frame(const ModelFile& file) {
  return multiply_adds_per_frame(file.architecture()) - missing(file, true);
}

}  // namespace pellucid::nn
