// The shell of a safetensors file, the same for models and checkpoints.
#pragma once

#include <string>
#include <string_view>

namespace pellucid {

/// What a header says as its checksum until seal_safetensors knows it.
inline constexpr char kNoChecksum[] = "crc32:00000000";

/// The length of the JSON header, the header, padded to 8 bytes by spaces, and the data. The first kNoChecksum in it
/// becomes the CRC-32 of the file with that in its place.
std::string seal_safetensors(std::string header, std::string_view data);

}  // namespace pellucid
