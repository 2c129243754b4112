#include "quantization/integer_file.hpp"

#include <nlohmann/json.hpp>

#include "support/safetensors.hpp"

namespace pellucid::quantization {

static_assert(sizeof(nn::RowScale) == 6, "a row of the file's [rows][3]");

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
  return seal_safetensors(header.dump(), data);
}

}  // namespace pellucid::quantization
