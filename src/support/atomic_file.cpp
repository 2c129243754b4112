#include "support/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "support/error.hpp"

namespace pellucid {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& target, int error) {
  const char* advice = "";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) advice = "; free some space or choose another folder";
  if (error == EACCES || error == EPERM || error == EROFS) advice = "; choose a folder you may write to";
  if (error == ENOENT || error == ENOTDIR) advice = "; create its folder first";
  throw Error(ExitCode::kOutput, "{}: cannot be written: {}{}.", target.string(), std::strerror(error), advice);
}

[[noreturn]] void fail_exists(const fs::path& target) {
  throw Error(ExitCode::kOutput, "{}: exists already and was left alone; use --force to replace it.", target.string());
}

fs::path temporary_name(const fs::path& target) {
  return target.parent_path() / fmt::format(".{}.tmp", target.filename().string().substr(0, 200));
}

// For those who find the plain name taken.
fs::path own_temporary_name(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  return target.parent_path() /
         fmt::format(".{}.{}-{}.tmp", target.filename().string().substr(0, 200), ::getpid(), counter.fetch_add(1));
}

// Opens the plain name, which a run that was killed may have left: who holds its lock owns it. -1 where somebody does,
// or where it is not a file of our making.
int open_plain(const fs::path& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int descriptor = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
    const bool created = descriptor >= 0;
    if (!created) descriptor = ::open(path.c_str(), kFlags);
    if (descriptor < 0) return -1;
    // Where a file system has no locks, only what was created here is ours.
    const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || (created && errno != EWOULDBLOCK);
    struct stat opened {};
    struct stat named {};
    // Between open and lock the last owner may have renamed it: then it is somebody's finished file.
    const bool ours = locked && ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
                      opened.st_ino == named.st_ino && opened.st_dev == named.st_dev && S_ISREG(opened.st_mode) &&
                      opened.st_uid == ::geteuid();
    if (ours && opened.st_nlink == 1 && ::ftruncate(descriptor, 0) == 0) return descriptor;
    // Killed between link and unlink, it is another name of a finished file.
    if (ours && opened.st_nlink > 1) ::unlink(path.c_str());
    ::close(descriptor);
  }
  return -1;
}

void sync_folder(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // not every file system lets a folder be opened; the rename itself has been done
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(fs::path target, Existing existing)
    : target_(std::move(target)), keep_existing_(existing == Existing::kKeep) {
  std::error_code ignored;
  if (fs::is_symlink(target_, ignored)) {
    const fs::path resolved = fs::canonical(target_, ignored);
    if (!ignored && !resolved.empty()) target_ = resolved;
  }
  struct stat status {};
  if (::stat(target_.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      throw Error(ExitCode::kOutput, "{}: is a folder where a file is to be written; name a file.", target_.string());
    }
    direct_ = !S_ISREG(status.st_mode);
    if (keep_existing_ && !direct_) fail_exists(target_);
    // A rename would get round a file's own write protection.
    if (!direct_ && ::access(target_.c_str(), W_OK) != 0) fail(target_, errno);
  }
  if (direct_) {
    temporary_ = target_;
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary_ = temporary_name(target_);
    descriptor_ = open_plain(temporary_);
    if (descriptor_ < 0) {
      temporary_ = own_temporary_name(target_);
      descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
  }
  if (descriptor_ < 0) fail(target_, errno);
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (descriptor_ < 0) return;
  if (!direct_) ::unlink(temporary_.c_str());  // before its lock goes
  ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor_, at, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(target_, errno);
    }
    at += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (descriptor_ < 0) throw Error(ExitCode::kInternal, "{}: committed twice.", target_.string());
  if (direct_) {
    discard();
    return;
  }
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail(target_, errno);
  if (keep_existing_) {
    // link() refuses where rename() would replace; file systems without hard links fall back to a check and a rename.
    if (::link(temporary_.c_str(), target_.c_str()) != 0) {
      if (errno == EEXIST || ::access(target_.c_str(), F_OK) == 0) fail_exists(target_);
      if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(target_, errno);
    } else {
      ::unlink(temporary_.c_str());
    }
  } else if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail(target_, errno);
  }
  ::close(descriptor_);
  descriptor_ = -1;
  sync_folder(target_);
}

void write_file(const fs::path& target, std::string_view text, AtomicFile::Existing existing) {
  AtomicFile file(target, existing);
  file.write(text);
  file.commit();
}

}  // namespace pellucid
