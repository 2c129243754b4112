// Time that has passed, never below 0: a steady clock should not go back, but the clocks of some virtual machines do.
#pragma once

#include <algorithm>
#include <chrono>

namespace pellucid {

inline double elapsed_s(std::chrono::steady_clock::time_point since) {
  return std::max(0.0, std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
}

}  // namespace pellucid
