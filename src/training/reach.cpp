#include "training/reach.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "support/error.hpp"
#include "support/interrupt.hpp"

namespace pellucid::training {
namespace {

constexpr int kConnectMs = 2000;
constexpr std::chrono::milliseconds kBetweenTries{100};

class Socket {
 public:
  Socket(int family, int flags) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses look_up(const std::string& address, int port, std::string* why) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int error = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) *why = ::gai_strerror(error);
  return {error == 0 ? found : nullptr, &::freeaddrinfo};
}

std::string numeric(const sockaddr* address, socklen_t size) {
  char host[NI_MAXHOST] = "";
  ::getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

// The own address of a connection that came about, or why it did not.
bool connects(const addrinfo& to, std::string* own, std::string* why) {
  const Socket socket(to.ai_family, SOCK_NONBLOCK);
  int error = 0;
  if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) != 0) {
    error = errno;
    pollfd waiting{socket.fd(), POLLOUT, 0};
    if (error == EINPROGRESS && ::poll(&waiting, 1, kConnectMs) == 1) {
      socklen_t size = sizeof error;
      ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  sockaddr_storage here{};
  socklen_t size = sizeof here;
  if (error == 0 && ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&here), &size) != 0) error = errno;
  if (error == 0)
    *own = numeric(reinterpret_cast<sockaddr*>(&here), size);
  else
    *why = error == EINPROGRESS ? "no answer" : std::strerror(error);
  return error == 0;
}

}  // namespace

std::string why_port_is_taken(int port) {
  const Socket socket(AF_INET, 0);
  const int yes = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free =
      ::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 && ::listen(socket.fd(), 1) == 0;
  return free ? "" : std::strerror(errno);
}

std::string reach(const std::string& address, int port, std::chrono::steady_clock::time_point deadline) {
  std::string own, why;
  for (;;) {
    stop_if_interrupted();
    const Addresses found = look_up(address, port, &why);
    for (const addrinfo* to = found.get(); to; to = to->ai_next)
      if (connects(*to, &own, &why)) return own;
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ExitCode::kTraining,
                  "MASTER_ADDR, MASTER_PORT: process 0 was not reached at {}:{} ({}); start it there, open the port "
                  "between the machines, or "
                  "wait longer with PELLUCID_PROCESS_TIMEOUT_S",
                  address, port, why);
    std::this_thread::sleep_for(kBetweenTries);
  }
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace pellucid::training
