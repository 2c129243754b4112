// The files below a folder, also behind symbolic links to folders, which may lead in a circle.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace pellucid {

struct Walked {
  std::vector<std::filesystem::path> files;  ///< sorted; whatever is no folder, links to nothing too
  std::vector<std::pair<std::filesystem::path, std::string>> unreadable;  ///< folders, with the system's reason; sorted
};

/// Each folder is walked once, under its own name where that lies below `folder`, else under the first link to it by
/// name. Names with a dot in front (what a Mac leaves beside every file, for example) are left out, as are the folders
/// that `enter` (may be empty) refuses.
Walked walk(const std::filesystem::path& folder, const std::function<bool(const std::filesystem::path&)>& enter = {});

}  // namespace pellucid
