// safetensors files (https://github.com/huggingface/safetensors): the model's and the checkpoint's container.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pellucid::training {

struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct NamedBytes {
  std::string name;
  std::vector<std::uint8_t> values;
};

struct TensorFile {
  std::vector<std::pair<std::string, std::string>> metadata;  ///< in the order of the file
  std::vector<NamedArray> arrays;
  std::vector<NamedBytes> bytes;  ///< U8, behind the arrays; only encode() knows them

  /// Empty when the key is missing.
  std::string meta(const std::string& key) const;
  /// Throws Error(kTraining) when the array is missing or has another number of values.
  const std::vector<float>& array(const std::string& name, std::size_t size) const;
};

/// The bytes of the file; a metadata entry `checksum` = `crc32:…` is added (docs/network.md).
std::string encode(const TensorFile& file);
/// Throws Error(kTraining), which calls the bytes `name`, when they are damaged or their checksum is wrong.
TensorFile decode(const std::string& bytes, const std::string& name);
/// Written beside and renamed. Throws Error(kOutput).
void write_tensor_file(const std::filesystem::path& path, const TensorFile& file);
/// Throws Error(kTraining) when the file is missing, damaged or its checksum is wrong.
TensorFile read_tensor_file(const std::filesystem::path& path);

}  // namespace pellucid::training
