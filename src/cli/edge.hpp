// The edge of a program: what it printed gets out, and every error is one sentence and one exit code.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/say.hpp"

namespace pellucid::cli {

/// Throws Error(kOutput) where what was printed so far does not get out, as on a full disk.
inline void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw Error(ExitCode::kOutput, "Standard output cannot be written.");
}

inline int report(ExitCode code, std::string_view sentence) {
  say("pellucid: {}\n", sentence);
  return static_cast<int>(code);
}

/// Opens what is closed of stdin, stdout and stderr (`2>&-`), the wrong way round so that using it still fails: a file
/// that is opened later would get its number, and with it what is printed.
inline void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0) ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

/// What `run` returns, or the exit code of what it throws, which is said; Ctrl-C is caught. `spare_memory` is what to
/// do where memory has run out.
template <typename Run>
int guard(const Run& run, std::string_view spare_memory) {
  occupy_standard_descriptors();
  catch_interrupts();
  // A write that fails for these reasons becomes a sentence, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int code = run();
    flush_output();
    return code;
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ExitCode::kInternal, fmt::format("Memory has run out; {}.", spare_memory));
  } catch (const std::exception& error) {
    // fmt::print throws where what was buffered does not get out.
    if (std::ferror(stdout) != 0) return report(ExitCode::kOutput, "Standard output cannot be written.");
    return report(ExitCode::kInternal, fmt::format("A defect in Pellucid: {}; please report it.", error.what()));
  }
}

}  // namespace pellucid::cli
