// A small file as a whole. A stream would give what comes before a bad sector as if it were all.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/error.hpp"

namespace pellucid {

/// Throws Error(code), "PATH: cannot be read: REASON", when it is missing, a folder, or fails on the way.
std::string read_file(const std::filesystem::path& path, ExitCode code);
/// The same; nothing when there is no regular file of that name (a symbolic link is none).
std::optional<std::string> read_file_if_there(const std::filesystem::path& path, ExitCode code);

}  // namespace pellucid
