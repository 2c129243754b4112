// Whether a port can be listened on, and the way to one on another machine: asked before LibTorch's sockets are, which
// wait long, cannot be interrupted and log what they try.
#pragma once

#include <chrono>
#include <string>

namespace pellucid::training {

/// Why nobody can listen on the port of this machine; empty when one can.
std::string why_port_is_taken(int port);

/// Waits until something listens at `address`:`port`; the numeric address that this machine has on the way there.
/// Throws Error(kTraining) at `deadline`, Error(kInterrupted) after Ctrl-C.
std::string reach(const std::string& address, int port, std::chrono::steady_clock::time_point deadline);

/// Whether a numeric address is one that only its own machine sees.
bool is_loopback(const std::string& address);

}  // namespace pellucid::training
