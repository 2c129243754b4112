// CRC-32 of IEEE 802.3 (polynomial 0xEDB88320 reflected), as zlib's crc32().
//
//   std::uint32_t crc = crc32(0, first, n);  crc = crc32(crc, second, m);  // of both, one after the other
#pragma once

#include <cstddef>
#include <cstdint>

namespace pellucid {

/// Continues `crc` (0 to begin with) over `bytes` bytes.
std::uint32_t crc32(std::uint32_t crc, const void* data, std::size_t bytes);

}  // namespace pellucid
