#include "training/checkpoint.hpp"

#include "support/error.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

constexpr char kFormat[] = "pellucid-checkpoint-1";

// The first key that differs, "key=value" against "key=value".
std::string first_difference(const std::string& was, const std::string& is) {
  std::size_t a = 0, b = 0;
  while (a < was.size() && b < is.size()) {
    const std::size_t ea = was.find(';', a), eb = is.find(';', b);
    const std::string x = was.substr(a, ea - a), y = is.substr(b, eb - b);
    if (x != y) return fmt::format("found {}, expected {}", y, x);
    a = ea + 1;
    b = eb + 1;
  }
  return "they have different keys";
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const State& s) {
  TensorFile file;
  file.metadata = {{"format", kFormat},
                   {"name", recipe.name},
                   {"recipe", recipe.fingerprint()},
                   {"step", std::to_string(s.step)},
                   {"seconds_seen", fmt::format("{:.17g}", s.seconds_seen)},
                   {"wall_s", fmt::format("{:.6f}", s.wall_s)},
                   {"cpu_s", fmt::format("{:.6f}", s.cpu_s)},
                   {"best_score", fmt::format("{:.17g}", s.best_score)}};
  const auto add = [&](const char* name, const std::vector<float>& v) {
    file.arrays.push_back({name, {static_cast<std::int64_t>(v.size())}, v});
  };
  add("weights", s.optimizer.weights);
  add("mean", s.optimizer.mean);
  add("variance", s.optimizer.variance);
  add("average", s.optimizer.average);
  add("buffers", s.buffers);
  add("average_buffers", s.average_buffers);
  write_tensor_file(path, file);
}

State load_checkpoint(const std::filesystem::path& path, const Recipe& recipe, std::size_t parameters,
                      std::size_t buffers) {
  const TensorFile file = read_tensor_file(path);
  if (file.meta("format") != kFormat)
    throw Error(ExitCode::kTraining, "{}: found format '{}', expected '{}': it is not a checkpoint", path.string(),
                file.meta("format"), kFormat);
  const std::string was = file.meta("recipe"), is = recipe.fingerprint();
  if (was != is)
    throw Error(ExitCode::kTraining, "{}: it was made by another recipe: {}; set it back, or train into another folder",
                path.string(), first_difference(was, is));
  State s;
  s.step = std::stol(file.meta("step"));
  s.seconds_seen = std::stod(file.meta("seconds_seen"));
  s.wall_s = std::stod(file.meta("wall_s"));
  s.cpu_s = std::stod(file.meta("cpu_s"));
  s.best_score = std::stod(file.meta("best_score"));
  s.optimizer.weights = file.array("weights", parameters);
  s.optimizer.mean = file.array("mean", parameters);
  s.optimizer.variance = file.array("variance", parameters);
  s.optimizer.average = file.array("average", parameters);
  s.buffers = file.array("buffers", buffers);
  s.average_buffers = file.array("average_buffers", buffers);
  return s;
}

}  // namespace pellucid::training
