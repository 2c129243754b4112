// Ctrl-C and SIGTERM as a flag that long work looks at; a second one ends the program at once.
#pragma once

namespace pellucid {

/// Call once from main, before threads start.
void catch_interrupts();
/// True from the first SIGINT or SIGTERM on.
bool interrupted() noexcept;
/// Throws Error(kInterrupted) when interrupted().
void stop_if_interrupted();

}  // namespace pellucid
