// CRC-32 of IEEE 802.3 (reflected polynomial 0xedb88320), as in zlib; eight bytes a step (Kounavis and Berry 2005).
//
//   uint32_t crc = crc32(0, data, size);          // crc32(crc32(0, a, n), b, m) is that of a followed by b
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::nn {

uint32_t crc32(uint32_t crc, const uint8_t* data, size_t size);

}  // namespace pellucid::nn
