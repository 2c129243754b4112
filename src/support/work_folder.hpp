// A folder beside an output in which a long work of several steps keeps what is done, so that it can be gone on with.
#pragma once

#include <filesystem>
#include <string>

namespace pellucid {

class WorkFolder {
 public:
  /// `folder` may exist. `plan` tells what the work is: model, options, all that must be the same to go on. `name` is
  /// what people call it, as "pruning". `older_plan`, where it is given, is the same plan as versions before wrote it.
  /// Throws Error(kOutput) when one lies there and `resume` is false, Error(kTraining) when it was begun by another
  /// plan.
  WorkFolder(std::filesystem::path folder, std::string plan, const std::string& name, bool resume,
             const std::string& older_plan = {});

  const std::filesystem::path& path() const { return folder_; }
  /// Whether it was begun by the older plan.
  bool older() const { return older_; }
  /// Makes the folder and writes the plan into it; does nothing the second time. Throws Error(kOutput).
  void begin() const;
  /// Removes all of it.
  void remove() const;

 private:
  std::filesystem::path folder_;
  std::string plan_;
  bool older_ = false;
};

}  // namespace pellucid
