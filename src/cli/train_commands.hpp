// The commands of `pellucid-train` beside `train` itself.
#pragma once

#include <CLI/CLI.hpp>

namespace pellucid::cli {

/// What `pellucid` hands to `pellucid-train`, and says of it in its help.
struct TrainCommand {
  const char *name, *help;
};
inline constexpr TrainCommand kTrainCommands[] = {
    {"train", "Train a network by a recipe (pellucid-train)"},
    {"adapt", "Tune a model to your own noise (pellucid-train)"},
    {"prune", "Cut units out of a model and train it on (pellucid-train)"},
};

/// argv[0] is the command's name. Return the exit code; throw pellucid::Error.
int run_adapt(int argc, char** argv);
int run_prune(int argc, char** argv);

}  // namespace pellucid::cli
