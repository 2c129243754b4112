// Opening files with libsndfile from many threads. Why one could not be opened stands in a single place of the process
// (sf_strerror of no file), where the next opening, whoever's it is, writes over it.
#pragma once

#include <sndfile.h>

#include <string>

namespace pellucid::audio {

/// sf_open_virtual for reading; null where that fails, with `reason` telling why, without a full stop.
SNDFILE* open_for_reading(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason);

/// The same for writing. `info` says what to write.
SNDFILE* open_for_writing(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason);

}  // namespace pellucid::audio
