#include "support/interrupt.hpp"

#include <csignal>

#include "support/error.hpp"

namespace pellucid {
namespace {

volatile std::sig_atomic_t received = 0;

void note_signal(int) { received = 1; }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;  // the second signal finds the default action: the end
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return received != 0; }

void stop_if_interrupted() {
  if (interrupted()) throw Error(ExitCode::kInterrupted, "Interrupted; what was finished is kept.");
}

}  // namespace pellucid
