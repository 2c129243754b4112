#include "support/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "support/error.hpp"

namespace pellucid {

FolderLock::FolderLock(const std::filesystem::path& folder, std::string_view busy) {
  const std::filesystem::path file = folder / kFile;
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) {
    throw Error(ExitCode::kOutput, "{}: cannot write ({}); check the folder and its permissions", file.string(),
                std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw Error(ExitCode::kOutput, "{}: {}", folder.string(), busy);
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace pellucid
