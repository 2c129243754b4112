#include "quantization/float16_file.hpp"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nn/model_file.hpp"
#include "support/error.hpp"
#include "support/safetensors.hpp"

namespace pellucid::quantization {

std::uint16_t half_of(float value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const float magnitude = std::abs(value);
  if (!(magnitude < 65520.0f)) return static_cast<std::uint16_t>(sign | (std::isnan(value) ? 0x7e00 : 0x7c00));
  // In steps of float16 at that size the nearest whole number, which may be the first of the next size.
  const int exponent = magnitude < 0x1p-14f ? -14 : std::ilogb(magnitude);
  const auto steps = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  return static_cast<std::uint16_t>(sign | (steps + static_cast<std::uint32_t>(exponent + 14) * 0x400));
}

std::string encode_float16(std::span<const std::byte> bytes, const std::string& where) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const auto* file = reinterpret_cast<const char*>(bytes.data());
  const auto* from = reinterpret_cast<const std::uint8_t*>(file + 8 + length);
  auto header = nlohmann::ordered_json::parse(file + 8, file + 8 + length);
  std::string data;
  for (auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      entry["checksum"] = kNoChecksum;
      continue;
    }
    const auto range = entry["data_offsets"].get<std::pair<std::size_t, std::size_t>>();
    const std::size_t begin = data.size();
    if (entry["dtype"] == "F32") {
      const nn::FloatValues values{from + range.first, false};
      for (std::size_t i = 0; i < (range.second - range.first) / sizeof(float); ++i) {
        const std::uint16_t half = half_of(values[i]);
        if ((half & 0x7fff) == 0x7c00)
          throw Error(ExitCode::kModel, "{}: {} holds {}, and float16 ends at 65504; keep the model in float32", where,
                      name, values[i]);
        data.append(reinterpret_cast<const char*>(&half), sizeof half);
      }
      entry["dtype"] = "F16";
    } else {
      data.append(reinterpret_cast<const char*>(from + range.first), range.second - range.first);
    }
    entry["data_offsets"] = {begin, data.size()};
  }
  return seal_safetensors(header.dump(), data);
}

}  // namespace pellucid::quantization
