#include "training/output_folder.hpp"

#include "support/atomic_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "training/checkpoint.hpp"
#include "training/inputs.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;

// A training's first model comes after its first checkpoint, all else after its lock: what lies there before them is
// somebody's.
void keep_files_of_others(const Recipe& recipe) {
  const fs::path folder = recipe.train.output, model = released_model(recipe);
  if (fs::exists(model))
    throw Error(ExitCode::kOutput,
                "{}: is there already, without the checkpoint of a training that made it; move it away, or set "
                "train.output to another folder",
                model.string());
  if (fs::exists(folder / FolderLock::kFile)) return;
  for (const char* name : {kRecipe, "curve.csv", "curve.html", kStart})
    if (fs::exists(folder / name))
      throw Error(ExitCode::kOutput,
                  "{}: is there already, and a training would replace it by a file of its own; move it away, or set "
                  "train.output to another folder",
                  (folder / name).string());
}

// The name that the training lying there last had; empty where its recipe cannot tell.
std::string last_name(const fs::path& folder) {
  try {
    return Recipe::load(folder / kRecipe).name;
  } catch (const Error&) {
    return {};
  }
}

// A training that goes on under another name writes another model.
void keep_model_of_other_name(const Recipe& recipe) {
  const fs::path model = released_model(recipe);
  if (!fs::exists(model)) return;
  const std::string name = last_name(recipe.train.output);
  if (name.empty() || name == recipe.name) return;
  throw Error(ExitCode::kOutput,
              "{}: is there already, and the training in its folder was called {} so far; move it away, or call the "
              "training so again",
              model.string(), name);
}

std::uint32_t checksum(const StoredModel& model) { return crc32(0, model.bytes.data(), model.bytes.size()); }

void expect_same_start(const Recipe& recipe) {
  const fs::path copy = fs::path(recipe.train.output) / kStart;
  const std::string& start = recipe.train.start;
  if (start.empty() || (fs::exists(copy) && !fs::exists(start))) return;  // the copy is as good
  const std::uint32_t found = checksum(read_stored_model(start));
  const std::string expected = fs::exists(copy) ? checksum_text(checksum(read_stored_model(copy))) : checksum_text(0);
  if (expected != checksum_text(found))
    throw Error(ExitCode::kTraining,
                "{}: it was begun from another model: found train.start with the checksum {}, expected {}; set it "
                "back, or train into another folder",
                (fs::path(recipe.train.output) / kCheckpoint).string(), checksum_text(found), expected);
}

}  // namespace

fs::path released_model(const Recipe& recipe) { return fs::path(recipe.train.output) / (recipe.name + ".safetensors"); }

std::unique_ptr<FolderLock> open_output(const Recipe& recipe, bool resume) {
  const fs::path folder = recipe.train.output;
  const bool begun = fs::exists(folder / kCheckpoint);
  if (begun && !resume)
    throw Error(
        ExitCode::kOutput,
        "{}: a training lies here already; add --resume to go on with it, or set train.output to another folder",
        folder.string());
  std::vector<std::byte> start;
  if (begun) {
    keep_model_of_other_name(recipe);
    expect_same_start(recipe);
  } else {
    if (!recipe.train.start.empty()) start = open_start(recipe, recipe.train.start).bytes;
    if (recipe.train.fixed_statistics == 1 && start.empty())
      throw Error(ExitCode::kRecipe,
                  "train.fixed_statistics: found 1 without train.start, whose statistics it would use; give "
                  "train.start, or less than 1");
    keep_files_of_others(recipe);
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ExitCode::kOutput, "{}: the folder cannot be made ({})", folder.string(), error.message());

  auto lock = std::make_unique<FolderLock>(
      folder, "another training is writing into this folder; wait for it to end, or name another folder");
  if (fs::exists(folder / kCheckpoint)) return lock;
  if (start.empty())
    fs::remove(folder / kStart, error);  // of a training that ended before its first checkpoint
  else
    write_file(folder / kStart, {reinterpret_cast<const char*>(start.data()), start.size()});
  return lock;
}

}  // namespace pellucid::training
