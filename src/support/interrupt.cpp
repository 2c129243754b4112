#include "support/interrupt.hpp"

#include <atomic>
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
}

bool interrupted() noexcept { return received.load(std::memory_order_relaxed); }

void stop_if_interrupted() {
  if (interrupted()) throw Error(ExitCode::kInterrupted, "Interrupted; what was finished is kept.");
}

}  // namespace pellucid
