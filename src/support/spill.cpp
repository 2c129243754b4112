#include "support/spill.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/error.hpp"

namespace pellucid {
namespace fs = std::filesystem;

fs::path temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  if (folder != nullptr && *folder != '\0') return folder;
  return ::access("/var/tmp", W_OK | X_OK) == 0 ? "/var/tmp" : "/tmp";
}

UnnamedFile::UnnamedFile(fs::path folder) : folder_(std::move(folder)) {
  std::string pattern = (folder_ / ".pellucid-XXXXXX").string();
  descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(errno);
  ::unlink(pattern.c_str());
}

UnnamedFile::~UnnamedFile() {
  if (mapped_ != nullptr) ::munmap(mapped_, bytes_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

UnnamedFile::UnnamedFile(UnnamedFile&& other) noexcept
    : folder_(std::move(other.folder_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(std::exchange(other.bytes_, 0)),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

UnnamedFile& UnnamedFile::operator=(UnnamedFile&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

void UnnamedFile::fail(int error) const {
  throw Error(ExitCode::kOutput, "{}: cannot hold a long recording while it is worked on ({}); {}.", folder_.string(),
              std::strerror(error),
              folder_ == temporary_folder() ? "free some space, or set TMPDIR to a folder with more"
                                            : "check the folder, and free some space");
}

void UnnamedFile::write(const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t wrote = ::write(descriptor_, at, bytes);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) fail(errno);
    at += wrote;
    bytes -= static_cast<std::size_t>(wrote);
    bytes_ += static_cast<std::size_t>(wrote);
  }
}

std::span<const std::byte> UnnamedFile::map() {
  if (mapped_ == nullptr && bytes_ > 0) {
    void* mapped = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, descriptor_, 0);
    if (mapped == MAP_FAILED) fail(errno);
    mapped_ = mapped;
  }
  return {static_cast<const std::byte*>(mapped_), bytes_};
}

}  // namespace pellucid
