// Errors that a person reads, each with the exit code the command line ends with.
//
//   throw pellucid::Error(pellucid::ExitCode::kAudio, "{}: found {} channels, expected 1 to 8; ...", path, n);
//
// A message is one sentence: which file or option, what was found, what was expected, what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace pellucid {

/// The exit codes of every command; documented in README.md and `pellucid --help`.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,      ///< a defect in Pellucid itself
  kUsage = 2,         ///< an option is unknown, missing or out of range
  kInput = 3,         ///< an input is missing, unreadable, a directory where a file is meant, or the reverse
  kAudio = 4,         ///< an input is not sound, is damaged or empty, or has a format that is not supported
  kModel = 5,         ///< a model file is damaged, of another version or unknown
  kRecipe = 6,        ///< a recipe has a wrong key, a wrong value or is for another architecture
  kOutput = 7,        ///< an output exists already, cannot be written, or the disk is full
  kCorpus = 8,        ///< a corpus or dataset is missing something, damaged or empty
  kTraining = 9,      ///< training cannot go on (loss not finite, checkpoint of another recipe)
  kPartial = 10,      ///< some files of several failed; the rest is done
  kDevice = 11,       ///< a sound device is missing, busy, refused or went away
  kInterrupted = 130  ///< Ctrl-C; what was finished is kept
};

class Error : public std::runtime_error {
 public:
  template <typename... Args>
  Error(ExitCode code, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), code_(code) {}
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace pellucid
