// Ctrl-C, SIGTERM and a terminal that closes (SIGHUP) as a flag that long work looks at; a second Ctrl-C or SIGTERM
// ends the program at once.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace pellucid {

/// Call once from main, before threads start. Where SIGHUP is ignored, as by nohup, it stays so.
void catch_interrupts();
/// True from the first of these signals on.
bool interrupted() noexcept;
/// Throws Error(kInterrupted) when interrupted().
void stop_if_interrupted();
/// read(2) that stop_if_interrupted() ends while there is nothing to read: a read that waits goes on after a signal.
ssize_t read_or_stop(int descriptor, void* bytes, std::size_t count);

}  // namespace pellucid
