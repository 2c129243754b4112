#include "training/tensor_file.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"
#include "support/read_file.hpp"
#include "support/safetensors.hpp"

namespace pellucid::training {

std::string TensorFile::meta(const std::string& key) const {
  for (const auto& [k, v] : metadata)
    if (k == key) return v;
  return {};
}

const std::vector<float>& TensorFile::array(const std::string& name, std::size_t size) const {
  for (const auto& a : arrays) {
    if (a.name != name) continue;
    if (a.values.size() != size)
      throw Error(ExitCode::kTraining,
                  "checkpoint tensor '{}': found {} values, expected {}: it belongs to another recipe", name,
                  a.values.size(), size);
    return a.values;
  }
  throw Error(ExitCode::kTraining, "the checkpoint has no tensor '{}': it belongs to another recipe or version", name);
}

std::string encode(const TensorFile& file) {
  nlohmann::ordered_json header;
  auto& metadata = header["__metadata__"];
  for (const auto& [k, v] : file.metadata) metadata[k] = v;
  metadata["checksum"] = kNoChecksum;
  std::size_t offset = 0;
  for (const auto& a : file.arrays) {
    const std::size_t bytes = a.values.size() * sizeof(float);
    header[a.name] = {{"dtype", "F32"}, {"shape", a.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  for (const auto& b : file.bytes) {
    header[b.name] = {
        {"dtype", "U8"}, {"shape", {b.values.size()}}, {"data_offsets", {offset, offset + b.values.size()}}};
    offset += b.values.size();
  }
  std::string data;
  for (const auto& a : file.arrays)
    data.append(reinterpret_cast<const char*>(a.values.data()), a.values.size() * sizeof(float));
  for (const auto& b : file.bytes) data.append(reinterpret_cast<const char*>(b.values.data()), b.values.size());
  return seal_safetensors(header.dump(), data);
}

void write_tensor_file(const std::filesystem::path& path, const TensorFile& file) { write_file(path, encode(file)); }

TensorFile decode(const std::string& bytes, const std::string& name) {
  const auto damaged = [&](const char* what) {
    return Error(ExitCode::kTraining, "{}: {}; the file is damaged or cut short, take an older one", name, what);
  };
  std::uint64_t length = 0;
  if (bytes.size() < 8) throw damaged("found less than 8 bytes");
  std::memcpy(&length, bytes.data(), 8);
  if (length > bytes.size() - 8) throw damaged("the header is longer than the file");
  const auto header = parse_json<nlohmann::ordered_json>(std::string_view(bytes).substr(8, length));
  if (!header.is_object()) throw damaged("the header is not JSON");
  TensorFile out;
  try {
    for (const auto& [k, v] : header.at("__metadata__").items()) out.metadata.emplace_back(k, v.get<std::string>());
    const std::string checksum = out.meta("checksum");
    const std::size_t at = bytes.find(checksum);
    if (checksum.size() != sizeof kNoChecksum - 1 || at == std::string::npos) throw damaged("it has no checksum");
    std::string zeroed = bytes;
    zeroed.replace(at, checksum.size(), kNoChecksum);
    if (checksum != fmt::format("crc32:{:08x}", crc32(0, zeroed.data(), zeroed.size())))
      throw damaged("its checksum is wrong");
    const std::size_t base = 8 + length;
    const std::size_t room = bytes.size() - base;
    std::size_t taken = 0;
    for (const auto& [key, entry] : header.items()) {
      if (key == "__metadata__") continue;
      NamedArray a;
      a.name = key;
      for (const auto& size : entry.at("shape")) a.shape.push_back(whole_number<std::int64_t>(size));
      std::vector<std::uint64_t> range;
      for (const auto& offset : entry.at("data_offsets")) range.push_back(whole_number<std::uint64_t>(offset));
      if (entry.at("dtype") != "F32" || range.size() != 2 || range[0] > range[1] || range[1] > room ||
          (range[1] - range[0]) % sizeof(float) != 0)
        throw damaged("a tensor lies outside the file");
      // Tensors that share bytes could ask for any multiple of the file's size.
      taken += range[1] - range[0];
      if (taken > room) throw damaged("tensors overlap");
      a.values.resize((range[1] - range[0]) / sizeof(float));
      std::copy_n(bytes.data() + base + range[0], range[1] - range[0], reinterpret_cast<char*>(a.values.data()));
      out.arrays.push_back(std::move(a));
    }
  } catch (const nlohmann::json::exception&) {
    throw damaged("the header does not describe tensors");
  }
  return out;
}

TensorFile read_tensor_file(const std::filesystem::path& path) {
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  if (!is_file) throw Error(ExitCode::kTraining, "{}: cannot be opened; expected a safetensors file", path.string());
  return decode(read_file(path, ExitCode::kTraining), path.string());
}

}  // namespace pellucid::training
