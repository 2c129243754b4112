// One source file, decoded, resampled, cut and measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus/measure.hpp"

namespace pellucid::corpus {

struct DecodedPiece {
  Measures measures;
  std::vector<std::int16_t> samples;
};

struct DecodedFile {
  std::string damaged;  ///< why it could not be read to its end; empty: it could
  std::vector<DecodedPiece> pieces;
};

/// Reads a whole file as mono (mean of the channels) at `rate_hz`, in pieces of `piece_s` (the last one is up to half
/// longer). Errors in the file come back as `damaged`; nothing of a damaged file is kept.
DecodedFile decode(const std::filesystem::path& file, int rate_hz, double piece_s);

}  // namespace pellucid::corpus
