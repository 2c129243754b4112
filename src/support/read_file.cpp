#include "support/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace pellucid {

std::string read_file(const std::filesystem::path& path, ExitCode code) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string bytes;
  std::array<char, 1 << 16> block;
  ssize_t got = descriptor < 0 ? -1 : 1;
  while (got > 0) {
    do {
      got = ::read(descriptor, block.data(), block.size());
    } while (got < 0 && errno == EINTR);
    if (got > 0) bytes.append(block.data(), static_cast<std::size_t>(got));
  }
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (got < 0) throw Error(code, "{}: cannot be read: {}", path.string(), std::strerror(error));
  return bytes;
}

std::optional<std::string> read_file_if_there(const std::filesystem::path& path, ExitCode code) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, error))) return std::nullopt;
  return read_file(path, code);
}

}  // namespace pellucid
