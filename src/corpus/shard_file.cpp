#include "corpus/shard_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

[[noreturn]] void fail_write(const std::filesystem::path& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(ExitCode::kOutput, "{}: cannot write ({}); {}", path.string(), std::strerror(error),
              full ? "free some space and run the same command again, it goes on where it stopped"
                   : "check the folder and its permissions");
}

void write_all(int descriptor, const std::filesystem::path& path, const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor, next, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_write(path, errno);
    }
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

}  // namespace

AppendFile::AppendFile(const std::filesystem::path& path, std::uint64_t keep_bytes) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) fail_write(path_, errno);
  if (::ftruncate(descriptor_, static_cast<off_t>(keep_bytes)) != 0 || ::lseek(descriptor_, 0, SEEK_END) < 0) {
    const int error = errno;
    close();
    fail_write(path_, error);
  }
}

AppendFile::~AppendFile() { close(); }

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  if (this != &other) {
    close();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void AppendFile::write(const void* data, std::size_t bytes) { write_all(descriptor_, path_, data, bytes); }

void AppendFile::sync() {
  if (::fdatasync(descriptor_) != 0) fail_write(path_, errno);
}

void AppendFile::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    throw Error(ExitCode::kCorpus,
                "{}: cannot read this file of the corpus ({}); check the folder or make the corpus again",
                path.string(), std::strerror(errno));
  }
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    throw Error(ExitCode::kCorpus,
                "{}: not a regular file; the corpus is damaged, make it again with `pellucid prepare`", path.string());
  }
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ > 0) {
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
    if (data_ == MAP_FAILED) {
      const int error = errno;
      data_ = nullptr;
      ::close(descriptor);
      throw Error(ExitCode::kCorpus, "{}: cannot map {} bytes into memory ({})", path.string(), size_,
                  std::strerror(error));
    }
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace pellucid::corpus
