// Calls that have no place in an audio callback, counted while a ForbiddenCalls lives in the thread that makes them.
//
//   ForbiddenCalls watch;
//   pellucid_process(…);
//   EXPECT_EQ(watch.first(), "");       // "malloc", "pthread_mutex_lock", …
//
// forbidden_calls.cpp stands before the C library in the program that it is linked into and passes every call on.
#pragma once

#include <functional>
#include <string>

namespace pellucid::engine::test {

class ForbiddenCalls {
 public:
  ForbiddenCalls();
  ~ForbiddenCalls();
  ForbiddenCalls(const ForbiddenCalls&) = delete;
  ForbiddenCalls& operator=(const ForbiddenCalls&) = delete;
  /// The first such call so far; empty when there was none.
  std::string first() const;
};

enum class Outcome { kQuiet, kCalledTheSystem, kFailed, kNoFilter };

/// Runs `body` in a child process whose kernel ends it at the first system call of any kind. kFailed: `body` returned
/// false or crashed; kNoFilter: this kernel cannot filter system calls.
Outcome run_without_system(const std::function<bool()>& body);

}  // namespace pellucid::engine::test
