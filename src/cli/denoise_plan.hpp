// Which file is denoised into which: names, folders, clashes. Nothing is written here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pellucid::cli {

struct DenoiseJob {
  std::filesystem::path input;   ///< "-": standard input
  std::filesystem::path output;  ///< "-": standard output
  std::string problem = {};      ///< where it is known already that it cannot be done: why
};

struct DenoisePlan {
  std::vector<DenoiseJob> jobs;
  std::vector<std::filesystem::path> folders;  ///< to be made before the jobs run
  std::vector<std::string> notes;              ///< sentences for people: what is left out, what becomes another kind
};

/// Lays out what to do:
///   a file           NAME.denoised.EXT beside it; `output` as a file; or, where `output` is a folder, NAME.EXT in it
///   two inputs, of which the second is not there yet, without `output`: the second is the output, a file for a file, a
///                    folder for a folder; a file and then a file or folder that is there could mean either, and is
///                    refused
///   a folder         every sound file below it, each beside itself or mirrored below `output`; names with a dot in
///                    front and films are left out, links to folders followed; a folder below it that cannot be read
///                    is a job with a problem
///   "-"              to standard output, or to `output`
/// With `residue`, NAME.residue.EXT instead of NAME.denoised.EXT. Names that end so already are left out of folders.
/// What cannot be written, by its name or by what is in it, becomes a .wav.
/// Throws Error(kUsage) for a plan that cannot be meant, Error(kInput) for a missing input or a folder without sound,
/// Error(kOutput) where two inputs would get one output, or one its own input.
DenoisePlan plan_denoise(const std::vector<std::string>& inputs, const std::optional<std::string>& output,
                         bool residue);

}  // namespace pellucid::cli
