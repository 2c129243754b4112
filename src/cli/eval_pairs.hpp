// Which clean, noisy and denoised files belong together, and under what conditions they were mixed.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pellucid::cli {

struct EvalCondition {
  std::optional<double> snr_db;
  std::string noise;  ///< empty: not known
};

struct EvalPair {
  std::string name;  ///< path below the folder without its ending, '/'-separated
  std::filesystem::path clean, noisy, enhanced;
  EvalCondition condition;
};

struct EvalPairs {
  std::vector<EvalPair> pairs;         ///< by name
  std::vector<std::string> unmatched;  ///< a sentence for each file that has no partner
};

/// Pairs the sound files of folders by their path without its ending; a `.denoised` before it counts as ending too.
/// Where `pellucid denoise` wrote beside its inputs, `clean` and `noisy` mean the inputs and `enhanced` the results;
/// a `.residue` is nobody's.
/// Two files make one pair whatever their names. `enhanced` may be empty. Throws Error(kInput) when a folder is
/// missing, two files of a folder share a name, a file meets a folder, or nothing matches.
EvalPairs match_files(const std::filesystem::path& clean, const std::filesystem::path& noisy,
                      const std::filesystem::path& enhanced);

/// Conditions by name: the columns name, snr and noise of a log.csv as `pellucid mix` writes it, or a list.json (an
/// array of objects with id or name, snr, noise). Throws Error(kInput) when it cannot be read or understood.
std::map<std::string, EvalCondition> read_conditions(const std::filesystem::path& file);

/// Of log.csv and list.json beside the folder of noisy files those that are there.
std::vector<std::filesystem::path> find_conditions(const std::filesystem::path& noisy);

}  // namespace pellucid::cli
