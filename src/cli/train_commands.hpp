// The commands of `pellucid-train` beside `train` itself.
#pragma once

#include <CLI/CLI.hpp>

namespace pellucid::cli {

/// argv[0] is the command's name. Returns the exit code; throws pellucid::Error.
int run_prune(int argc, char** argv);

}  // namespace pellucid::cli
