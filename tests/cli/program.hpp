// Runs the built program and catches what it says.
//
//   Ran run = run_program({"denoise", "a.wav"}, {.environment = {{"PELLUCID_MODELS", "models"}}});
//   EXPECT_EQ(run.code, 0) << run.error;
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "../support/temp_folder.hpp"

namespace pellucid::cli {

struct Ran {
  int code = -1;  ///< 128 + signal where one ended it
  std::string output;
  std::string error;
  long peak_kib = 0;  ///< of memory
};

struct RunOptions {
  std::filesystem::path input = "/dev/null";  ///< standard input; a path or a named pipe
  std::filesystem::path output = "";          ///< standard output; where empty, it is caught
  std::filesystem::path folder = "";          ///< where it runs
  std::map<std::string, std::string> environment = {};
  rlim_t data_bytes = RLIM_INFINITY;  ///< most memory of its own (RLIMIT_DATA): files that it maps do not count
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A program that has been started, its output going to files.
class Started {
 public:
  Started(std::vector<std::string> arguments, const RunOptions& options) {
    process_ = ::fork();
    if (process_ != 0) return;
    if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(125);
    ::setenv("LSAN_OPTIONS", "suppressions=" PELLUCID_SOURCE_DIR "/tests/cli/leaks.supp:print_suppressions=0", 0);
    for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (options.data_bytes != RLIM_INFINITY) {
      const rlimit limit{options.data_bytes, options.data_bytes};
      if (::setrlimit(RLIMIT_DATA, &limit) != 0) ::_exit(125);
    }
    const int error = ::open((folder_ / "error").c_str(), O_WRONLY | O_CREAT, 0600);
    const std::filesystem::path to = options.output.empty() ? folder_ / "output" : options.output;
    const int output = ::open(to.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(error, STDERR_FILENO);
    ::dup2(output, STDOUT_FILENO);
    const int input = ::open(options.input.c_str(), O_RDONLY);
    ::dup2(input, STDIN_FILENO);
    arguments.insert(arguments.begin(), PELLUCID_PROGRAM);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(PELLUCID_PROGRAM, pointers.data());
    ::_exit(125);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {  // where a test ended before it waited
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  pid_t process() const { return process_; }

  Ran wait() {
    Ran run;
    int status = 0;
    rusage usage{};
    if (::wait4(process_, &status, 0, &usage) != process_) return run;
    process_ = -1;
    run.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run.peak_kib = usage.ru_maxrss;
    run.output = slurp(folder_ / "output");
    run.error = slurp(folder_ / "error");
    return run;
  }

 private:
  const test::TempFolder temp_;
  const std::filesystem::path& folder_ = temp_.path();
  pid_t process_ = -1;
};

inline Ran run_program(const std::vector<std::string>& arguments, const RunOptions& options = {}) {
  return Started(arguments, options).wait();
}

}  // namespace pellucid::cli
