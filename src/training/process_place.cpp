#include "training/process_place.hpp"

#include <charconv>
#include <climits>

#include "support/error.hpp"

namespace pellucid::training {
namespace {

struct Setting {
  std::string name, value;  // the value is empty where nothing is set
};

int number(const Setting& setting, int low, int high) {
  int value = 0;
  const char* end = setting.value.data() + setting.value.size();
  const auto [stopped, error] = std::from_chars(setting.value.data(), end, value);
  if (error != std::errc() || stopped != end || value < low || value > high)
    throw Error(ExitCode::kUsage, "{}: found '{}', expected a whole number from {} to {}; see docs/scale.md",
                setting.name, setting.value, low, high);
  return value;
}

}  // namespace

ProcessPlace process_place(const std::function<const char*(const char*)>& variable) {
  constexpr int kMostProcesses = 65536;
  const auto look_up = [&](const char* name, const char* otherwise = nullptr) {
    for (const char* candidate : {name, otherwise}) {
      const char* value = candidate ? variable(candidate) : nullptr;
      if (value && *value) return Setting{candidate, value};
    }
    return Setting{name, ""};
  };
  const Setting rank = look_up("RANK", "OMPI_COMM_WORLD_RANK"), count = look_up("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE");
  ProcessPlace place;
  if (rank.value.empty() && count.value.empty()) return place;
  for (const Setting* missing : {&rank, &count}) {
    const Setting& other = missing == &rank ? count : rank;
    if (missing->value.empty())
      throw Error(ExitCode::kUsage,
                  "{}: not set, but {} is {}; set both to train with several processes, or neither to train with one",
                  missing->name, other.name, other.value);
  }
  place.count = number(count, 1, kMostProcesses);
  place.rank = number(rank, 0, place.count - 1);
  if (place.count == 1) return place;

  const Setting local = look_up("LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"),
                timeout = look_up("PELLUCID_PROCESS_TIMEOUT_S");
  const Setting address = look_up("MASTER_ADDR"), port = look_up("MASTER_PORT");
  for (const Setting* setting : {&address, &port})
    if (setting->value.empty())
      throw Error(ExitCode::kUsage,
                  "{}: not set, expected where process 0 of {} listens, for example {}; see docs/scale.md",
                  setting->name, place.count, setting == &port ? "29500" : "127.0.0.1");
  if (!local.value.empty()) place.local_rank = number(local, 0, place.count - 1);
  if (!timeout.value.empty()) place.timeout_s = number(timeout, 1, 7 * 24 * 3600);
  const Setting attempt = look_up("TORCHELASTIC_RESTART_COUNT");
  if (!attempt.value.empty()) place.attempt = number(attempt, 0, INT_MAX);
  place.launcher_listens = look_up("TORCHELASTIC_USE_AGENT_STORE").value == "True";
  place.address = address.value;
  place.port = number(port, 1, 65535);
  return place;
}

}  // namespace pellucid::training
