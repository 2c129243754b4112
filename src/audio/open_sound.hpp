// Opening files with libsndfile, from many threads, and what it does not look after. Why one could not be opened stands
// in a single place of the process (sf_strerror of no file), where the next opening, whoever's it is, writes over it.
#pragma once

#include <sndfile.h>

#include <cstdint>
#include <string>

#include "audio/stream.hpp"

namespace pellucid::audio {

/// sf_open_virtual for reading; null where that fails, with `reason` telling why, without a full stop.
SNDFILE* open_for_reading(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason);

/// The same for writing. `info` says what to write.
SNDFILE* open_for_writing(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason);

/// True where so many frames are more than the sizes of this container, of 32 bits in WAV and AIFF, can state;
/// libsndfile lets them wrap.
bool outgrows(const StreamFormat& format, std::uint64_t frames);

}  // namespace pellucid::audio
