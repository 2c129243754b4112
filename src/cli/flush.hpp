// Standard output that cannot be written is an error, said before anything else is done.
#pragma once

#include <cstdio>

#include "support/error.hpp"

namespace pellucid::cli {

/// Throws Error(kOutput) where what was printed so far does not get out, as on a full disk.
inline void flush_output() {
  if (std::fflush(stdout) != 0) throw Error(ExitCode::kOutput, "Standard output cannot be written.");
}

}  // namespace pellucid::cli
