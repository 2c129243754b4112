// What the two halves of the C API share.
#pragma once

#include "pellucid/pellucid.h"

namespace pellucid::engine {

/// Where a denoiser remembers the memory that pellucid_destroy frees; null in memory of the caller's.
void** heap_of(pellucid_denoiser* denoiser);

}  // namespace pellucid::engine
