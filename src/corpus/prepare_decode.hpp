// One source file, decoded, resampled, cut and measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus/measure.hpp"
#include "support/spill.hpp"

namespace pellucid::corpus {

struct DecodedPiece {
  Measures measures;
  std::size_t frames = 0;
  std::uint64_t hash = 0;  ///< of its samples
};

struct DecodedFile {
  std::string damaged = {};  ///< why it could not be read to its end; empty: it could
  bool try_again = false;    ///< it may be read another time as it is: the fault lies elsewhere
  std::vector<DecodedPiece> pieces = {};
  Spilled<std::int16_t> samples = {};  ///< of one piece after another
};

/// Reads a whole file as mono (mean of the channels) at `rate_hz`, in pieces of `piece_s` (the last one is up to half
/// longer). Errors in the file (kAudio, kInput) come back as `damaged`; nothing of a damaged file is kept. Until the
/// end has been read nobody knows whether it is one, so the samples of a long recording wait in an unnamed file in
/// `folder`. Throws Error: kOutput where that cannot be written, kInterrupted.
DecodedFile decode(const std::filesystem::path& file, int rate_hz, double piece_s, const std::filesystem::path& folder);

}  // namespace pellucid::corpus
