#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "cli/train_commands.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

fs::path find_trainer() {
  const fs::path here = program_folder();
  for (const fs::path& candidate : {here / "pellucid-train", here / "../libexec/pellucid/pellucid-train"}) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace

void add_train(CLI::App& app) {
  if (find_trainer().empty()) return;
  for (const TrainCommand& command : kTrainCommands) app.add_subcommand(command.name, command.help);
}

bool is_training_command(std::string_view name) {
  return std::any_of(std::begin(kTrainCommands), std::end(kTrainCommands),
                     [&](const TrainCommand& command) { return name == command.name; });
}

void exec_train(const std::vector<std::string>& arguments) {
  const fs::path trainer = find_trainer();
  if (trainer.empty()) {
    throw Error(ExitCode::kTraining,
                "No trainer was built: pellucid-train is not in {}; install LibTorch and build with "
                "PELLUCID_TRAINING=ON.",
                program_folder().string());
  }
  std::string name = "pellucid train";
  std::vector<char*> all{name.data()};
  for (const std::string& argument : arguments) {
    if (all.size() > 1 || argument != "train") all.push_back(const_cast<char*>(argument.c_str()));
  }
  all.push_back(nullptr);
  ::execv(trainer.c_str(), all.data());
  throw Error(ExitCode::kTraining, "{}: cannot be started: {}.", trainer.string(), std::strerror(errno));
}

void run_train(const std::vector<std::string>& arguments) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw Error(ExitCode::kTraining, "The trainer cannot be started: {}.", std::strerror(errno));
  if (child == 0) {
    int code = static_cast<int>(ExitCode::kTraining);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    try {
      exec_train(arguments);
    } catch (const Error& error) {
      fmt::print(stderr, "pellucid: {}\n", error.what());
      code = static_cast<int>(error.code());
    }
    ::_exit(code);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (interrupted()) ::kill(child, SIGINT);  // it saves where it stands
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::kTraining);
  if (code != 0) throw Error(static_cast<ExitCode>(code), "The training did not come to its end, as said above.");
}

}  // namespace pellucid::cli
