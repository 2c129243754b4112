#include "training/checkpoint.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "support/error.hpp"
#include "support/utf8.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

constexpr char kFormat[] = "pellucid-checkpoint-1";

std::map<std::string, std::string> parse(const std::string& fingerprint) {
  std::map<std::string, std::string> out;
  for (std::size_t at = 0; at < fingerprint.size();) {
    const std::size_t end = std::min(fingerprint.find(';', at), fingerprint.size());
    const std::size_t eq = std::min(fingerprint.find('=', at), end);
    out[fingerprint.substr(at, eq - at)] = fingerprint.substr(std::min(eq + 1, end), end - std::min(eq + 1, end));
    at = end + 1;
  }
  return out;
}

// Numbers may be written in more than one way.
bool same_value(const std::string& a, const std::string& b) {
  char *end_a = nullptr, *end_b = nullptr;
  const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
  const bool numbers = !a.empty() && !b.empty() && *end_a == 0 && *end_b == 0;
  return numbers ? x == y : a == b;
}

// "found a=1, expected a=2", or empty. A key that the checkpoint's version did not know yet had its default.
std::string first_difference(const std::string& checkpoint, const Recipe& recipe) {
  const auto was = parse(checkpoint), is = parse(recipe.fingerprint()), initial = parse(Recipe{}.fingerprint());
  for (const auto& [key, value] : is) {
    const auto found = was.find(key);
    const std::string& then = found != was.end() ? found->second : initial.at(key);
    if (same_value(then, value)) continue;
    return fmt::format("found {} = {}{}, expected {}", key, value, key == "train.replicas" ? " over all processes" : "",
                       then);
  }
  return {};
}

// What a best score is the best of.
std::string measured_on(const Recipe& recipe, std::uint32_t corpus) {
  return fmt::format("{} pairs of the corpus {:08x}", recipe.train.valid_pairs, corpus);
}

// The same as checkpoints once had it.
std::string measured_at(const Recipe& recipe) {
  return fmt::format("{} pairs of {}", recipe.train.valid_pairs, valid_utf8(recipe.train.corpus));
}

}  // namespace

std::string checksum_text(std::uint32_t checksum) { return checksum == 0 ? "none" : fmt::format("{:08x}", checksum); }

void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const State& s) {
  TensorFile file;
  file.metadata = {{"format", kFormat},
                   {"name", recipe.name},
                   {"recipe", recipe.fingerprint()},
                   {"measured_on", measured_on(recipe, s.corpus)},
                   {"teacher", checksum_text(s.teacher)},
                   {"step", std::to_string(s.step)},
                   {"seconds_seen", fmt::format("{:.17g}", s.seconds_seen)},
                   {"wall_s", fmt::format("{:.6f}", s.wall_s)},
                   {"cpu_s", fmt::format("{:.6f}", s.cpu_s)},
                   {"best_score", fmt::format("{:.17g}", s.best_score)},
                   {"rate_factor", fmt::format("{:.17g}", s.rate_factor)}};
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

State load_checkpoint(const std::filesystem::path& path, const Recipe& recipe, std::uint32_t teacher,
                      std::uint32_t corpus, std::size_t parameters, std::size_t buffers) {
  const TensorFile file = read_tensor_file(path);
  if (file.meta("format") != kFormat)
    throw Error(ExitCode::kTraining, "{}: found format '{}', expected '{}': it is not a checkpoint", path.string(),
                file.meta("format"), kFormat);
  const std::string difference = first_difference(file.meta("recipe"), recipe);
  if (!difference.empty())
    throw Error(ExitCode::kTraining, "{}: it was made by another recipe: {}; set it back, or train into another folder",
                path.string(), difference);
  if (const std::string was = file.meta("teacher"); !was.empty() && was != checksum_text(teacher))
    throw Error(ExitCode::kTraining,
                "{}: it was made with another teacher: found distill.teacher with the checksum {}, expected {}; set it "
                "back, or train into another folder",
                path.string(), checksum_text(teacher), was);
  const auto number = [&](const char* key) {
    const std::string text = file.meta(key);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0)
      throw Error(ExitCode::kTraining, "{}: found '{}' for {}, expected a number; take an older checkpoint",
                  path.string(), text, key);
    return value;
  };
  const double step = number("step");
  if (!(step >= 0 && step <= 1e15))
    throw Error(ExitCode::kTraining, "{}: found step {}, expected a count; take an older checkpoint", path.string(),
                step);
  State s;
  s.teacher = teacher;
  s.corpus = corpus;
  s.step = static_cast<long>(step);
  s.seconds_seen = number("seconds_seen");
  s.wall_s = number("wall_s");
  s.cpu_s = number("cpu_s");
  const std::string on = file.meta("measured_on");
  if (on.empty() || on == measured_on(recipe, corpus) || on == measured_at(recipe)) s.best_score = number("best_score");
  if (!file.meta("rate_factor").empty()) s.rate_factor = number("rate_factor");
  s.optimizer.weights = file.array("weights", parameters);
  s.optimizer.mean = file.array("mean", parameters);
  s.optimizer.variance = file.array("variance", parameters);
  s.optimizer.average = file.array("average", parameters);
  s.buffers = file.array("buffers", buffers);
  s.average_buffers = file.array("average_buffers", buffers);
  return s;
}

}  // namespace pellucid::training
