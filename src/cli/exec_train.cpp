#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/models.hpp"
#include "support/error.hpp"

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
  if (!find_trainer().empty()) app.add_subcommand("train", "Train a network by a recipe (pellucid-train)");
}

void exec_train(char** arguments) {
  const fs::path trainer = find_trainer();
  if (trainer.empty()) {
    throw Error(ExitCode::kTraining,
                "No trainer was built: pellucid-train is not in {}; install LibTorch and build with "
                "PELLUCID_TRAINING=ON.",
                program_folder().string());
  }
  std::string name = "pellucid train";
  std::vector<char*> all{name.data()};
  for (; *arguments != nullptr; ++arguments) all.push_back(*arguments);
  all.push_back(nullptr);
  ::execv(trainer.c_str(), all.data());
  throw Error(ExitCode::kTraining, "{}: cannot be started: {}.", trainer.string(), std::strerror(errno));
}

}  // namespace pellucid::cli
