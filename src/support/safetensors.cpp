#include "support/safetensors.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "support/crc32.hpp"

namespace pellucid {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

std::string seal_safetensors(std::string header, std::string_view data) {
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  file += header;
  file += data;
  const std::string digits = fmt::format("{:08x}", crc32(0, file.data(), file.size()));
  file.replace(file.find(kNoChecksum) + sizeof kNoChecksum - 1 - digits.size(), digits.size(), digits);
  return file;
}

}  // namespace pellucid
