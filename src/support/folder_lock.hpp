// One writer a folder: a lock on its file `.lock`, which the system takes back from whoever dies.
#pragma once

#include <filesystem>
#include <string_view>

namespace pellucid {

class FolderLock {
 public:
  static constexpr char kFile[] = ".lock";  ///< stays behind

  /// Held for as long as it lives. Throws Error(kOutput), "FOLDER: BUSY", when another process has it.
  FolderLock(const std::filesystem::path& folder, std::string_view busy);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace pellucid
