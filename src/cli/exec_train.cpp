#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.hpp"
#include "cli/edge.hpp"
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
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // it does not go on alone
    try {
      exec_train(arguments);
    } catch (const Error& error) {
      code = report(error.code(), error.what());
    }
    ::_exit(code);
  }
  // A signal does not end waitpid, hence by looks. What the terminal sends reached the trainer too, and a second SIGINT
  // would end it at once, so that it gets the other signal to save where it stands.
  int status = 0;
  bool told = false;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (interrupted() && !told) told = ::kill(child, SIGTERM) == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::kTraining);
  if (code != 0) throw Error(static_cast<ExitCode>(code), "The training did not come to its end, as said above.");
}

}  // namespace pellucid::cli
