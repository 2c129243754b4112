// Time that has passed, never below 0: a steady clock should not go back, but the clocks of some virtual machines do.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>

namespace pellucid {

inline double elapsed_s(std::chrono::steady_clock::time_point since) {
  return std::max(0.0, std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
}

/// Of the processor, by the calling thread.
inline double thread_time_s() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace pellucid
