// The sources that `pellucid export --target` gives away, as they were when this program was built
// (PellucidEmbed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace pellucid::cli {

struct EmbeddedFile {
  std::string_view path;  ///< below the project's root
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace pellucid::cli
