#include "support/interrupt.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "support/error.hpp"

namespace pellucid {
namespace {

std::atomic<bool> received{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set nothing else");

void note_signal(int) { received = true; }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;  // the second signal finds the default action: the end
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up {};
  if (::sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler == SIG_IGN) return;  // nohup
  action.sa_flags = SA_RESTART;  // of a terminal that closes both the shell and the system tell
  ::sigaction(SIGHUP, &action, nullptr);
}

bool interrupted() noexcept { return received.load(std::memory_order_relaxed); }

void stop_if_interrupted() {
  if (interrupted()) throw Error(ExitCode::kInterrupted, "Interrupted; what was finished is kept.");
}

ssize_t read_or_stop(int descriptor, void* bytes, std::size_t count) {
  constexpr int kPatienceMs = 200;  // so long may a signal go unnoticed
  for (;;) {
    stop_if_interrupted();
    pollfd wait{descriptor, POLLIN, 0};
    const int ready = ::poll(&wait, 1, kPatienceMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = ::read(descriptor, bytes, count);
    if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
  }
}

}  // namespace pellucid
