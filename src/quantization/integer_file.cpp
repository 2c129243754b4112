#include "quantization/integer_file.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/crc32.hpp"

namespace pellucid::quantization {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");
static_assert(sizeof(nn::RowScale) == 6, "a row of the file's [rows][3]");
constexpr char kNoChecksum[] = "crc32:00000000";
constexpr std::size_t kDigits = 8;

std::size_t padding_to_8(std::size_t size) { return (8 - size % 8) % 8; }

}  // namespace

std::string encode(const QuantizedModel& model) {
  nlohmann::ordered_json header;
  for (const auto& [key, value] : model.metadata) header["__metadata__"][key] = value;
  header["__metadata__"]["checksum"] = kNoChecksum;
  const std::size_t count = model.products.size();
  std::string data;
  static constexpr const char* kTypes[] = {"F32", "I32", "I16", "I8"};
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::integer_tensor_spec(model.architecture, i, &spec); ++i) {
    const void* from = model.embedding.data();
    if (i < count) {
      from = model.products[i].bias.data();
    } else if (i < 2 * count) {
      from = model.products[i - count].scale.data();
    } else if (i > 2 * count) {
      from = model.products[i - 2 * count - 1].weight.data();
    }
    const std::size_t begin = data.size(), bytes = static_cast<std::size_t>(spec.bytes());
    data.append(static_cast<const char*>(from), bytes);
    const std::vector<std::uint32_t> shape(spec.shape, spec.shape + spec.rank);
    header[spec.name] = {
        {"dtype", kTypes[static_cast<int>(spec.type)]}, {"shape", shape}, {"data_offsets", {begin, begin + bytes}}};
  }
  std::string text = header.dump();
  text.append(padding_to_8(text.size()), ' ');
  const std::uint64_t length = text.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  file += text + data;
  const std::size_t digits = file.find(kNoChecksum) + sizeof kNoChecksum - 1 - kDigits;
  file.replace(digits, kDigits, fmt::format("{:08x}", crc32(0, file.data(), file.size())));
  return file;
}

}  // namespace pellucid::quantization
