// The commands of `pellucid-train` beside `train` itself.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

namespace pellucid::cli {

/// What `pellucid` hands to `pellucid-train`, and says of it in its help.
struct TrainCommand {
  const char *name, *help;
};
inline constexpr TrainCommand kTrainCommands[] = {
    {"train", "Train a network by a recipe (pellucid-train)"},
    {"adapt", "Tune a model to your own noise (pellucid-train)"},
    {"average", "Take the mean of the weights of several models (pellucid-train)"},
    {"prune", "Cut units out of a model and train it on (pellucid-train)"},
};

/// The exit code when that is all, as after --help. Throws Error(kUsage) that names the command.
std::optional<int> parse(CLI::App& app, int argc, char** argv);

/// argv[0] is the command's name. Return the exit code; throw pellucid::Error.
int run_adapt(int argc, char** argv);
int run_average(int argc, char** argv);
int run_prune(int argc, char** argv);

}  // namespace pellucid::cli
