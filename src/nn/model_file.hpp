// Reads a model file (safetensors, docs/network.md) from memory, in place, without trusting it.
//
//   ModelFile file;
//   ModelError error = file.parse(bytes, size);
//   if (error.status != ModelStatus::kOk) …            // error.detail says what was found
//   file.architecture().channels;
//   file.tensor(0);                                    // bytes of the first tensor of tensor_spec
//
// After parse every tensor that the architecture asks for is there exactly once, with its shape, as finite float32 or
// float16 (or, in an int8 model, as integers that cannot overflow anything); the tensors fill the file without gap or
// overlap, and the checksum holds. In a block-sparse model some of them are there as the blocks that are left
// (nn/blocks.hpp), as many as their bit map says. The bytes must outlive the ModelFile.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "nn/architecture.hpp"
#include "nn/json.hpp"

namespace pellucid::nn {

enum class ModelStatus : uint8_t {
  kOk,
  kNotAModel,   ///< something else than a Pellucid model
  kVersion,     ///< a Pellucid model of another version
  kTruncated,   ///< shorter or longer than its header says
  kDamaged,     ///< checksum or structure broken
  kUnsupported  ///< intact, but not a network this code runs
};

/// What the network computes in.
enum class Arithmetic : uint8_t { kFloat32, kInt8 };

/// IEEE 754 binary16, not infinite, as a number.
inline float float_of_half(uint32_t half) {
  const uint32_t magnitude = half & 0x7fff;
  float value = static_cast<float>(magnitude) * 0x1p-24f;  // below the smallest normal number
  if (magnitude >= 0x400) {
    const uint32_t bits = (magnitude << 13) + (112u << 23);
    __builtin_memcpy(&value, &bits, sizeof value);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

/// The numbers of a float tensor as they lie in the file, little-endian at any address.
struct FloatValues {
  const uint8_t* from;
  bool half;  ///< float16
  float operator[](size_t i) const {
    if (half) return float_of_half(from[2 * i] | static_cast<uint32_t>(from[2 * i + 1]) << 8);
    const uint8_t* p = from + 4 * i;
    const uint32_t bits =
        p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 | static_cast<uint32_t>(p[3]) << 24;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
  }
};

struct ModelError {
  ModelStatus status = ModelStatus::kOk;
  const char* detail = "";  ///< a clause for a sentence, static
};

class ModelFile {
 public:
  /// Reads the whole of `bytes`. On an error the object is not to be used.
  ModelError parse(const void* bytes, size_t size);

  const Architecture& architecture() const { return architecture_; }
  Arithmetic arithmetic() const { return arithmetic_; }
  /// Little-endian values of tensor `index` of integer_tensor_spec of an int8 model, at any alignment.
  const uint8_t* tensor(uint32_t index) const { return data_ + offset_[index]; }
  /// Those of tensor `index` of tensor_spec: all of them, or where there is kept(index) those of its blocks.
  FloatValues values(uint32_t index) const { return {tensor(index), half_[index]}; }
  /// Whether any tensor is float16 in the file.
  bool any_half() const;
  /// Whether any tensor may be in blocks.
  bool sparse() const { return sparse_; }
  /// The bit map of a tensor that is in blocks, else null.
  const uint8_t* kept(uint32_t index) const {
    return sparse_ && has_map_[index] ? data_ + offset_[tensors_ + index] : nullptr;
  }
  /// All values of float tensor `index`, zero in the blocks that are not there.
  void read(uint32_t index, float* values) const;
  /// Bytes of the JSON header, which starts at byte 8.
  size_t header_size() const { return header_size_; }
  /// Of an int8 model: bits after the point of features and mask.
  int32_t features_q() const { return static_cast<int32_t>(features_q_); }
  int32_t mask_q() const { return static_cast<int32_t>(mask_q_); }
  /// A string of the metadata as it stands in the header (escapes kept); empty when there is none.
  Text metadata(const char* key) const;

 private:
  ModelError read_architecture();
  ModelError read_arithmetic();
  ModelError read_sparsity();
  ModelError match_tensors(size_t data_size);

  const char* header_ = nullptr;
  size_t header_size_ = 0;
  const uint8_t* data_ = nullptr;
  Architecture architecture_;
  Arithmetic arithmetic_ = Arithmetic::kFloat32;
  uint32_t features_q_ = 0, mask_q_ = 0;
  bool sparse_ = false;
  uint32_t tensors_ = 0;
  uint32_t offset_[2 * kMaxTensors] = {};  // of the tensors, then of their bit maps
  bool has_map_[kMaxTensors] = {};
  bool half_[kMaxTensors] = {};
};

/// As those of the architecture, without the blocks that are not there.
uint64_t parameter_count(const ModelFile& file);
uint64_t multiply_adds_per_frame(const ModelFile& file);

}  // namespace pellucid::nn
