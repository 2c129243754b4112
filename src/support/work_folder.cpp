#include "support/work_folder.hpp"

#include <utility>

#include "support/atomic_file.hpp"
#include "support/error.hpp"
#include "support/read_file.hpp"

namespace pellucid {
namespace fs = std::filesystem;
namespace {

constexpr char kPlan[] = "plan.json";

}  // namespace

WorkFolder::WorkFolder(fs::path folder, std::string plan, const std::string& name, bool resume,
                       const std::string& older_plan)
    : folder_(std::move(folder)), plan_(std::move(plan)) {
  if (!fs::exists(folder_ / kPlan)) return;
  if (!resume)
    throw Error(ExitCode::kOutput, "{}: a {} lies here already; add --resume to go on with it, or remove the folder",
                folder_.string(), name);
  const std::string found = read_file(folder_ / kPlan, ExitCode::kTraining);
  older_ = !older_plan.empty() && found == older_plan;
  if (found != plan_ && !older_)
    throw Error(
        ExitCode::kTraining,
        "{}: was begun with another model, another corpus or other options; give those again, or remove the folder",
        folder_.string());
}

void WorkFolder::begin() const {
  if (fs::exists(folder_ / kPlan)) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(ExitCode::kOutput, "{}: the folder cannot be made ({})", folder_.string(), error.message());
  write_file(folder_ / kPlan, plan_);
}

void WorkFolder::remove() const {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace pellucid
