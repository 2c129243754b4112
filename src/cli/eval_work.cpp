#include "cli/eval_work.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "cli/eval_sounds.hpp"
#include "support/interrupt.hpp"
#include "support/say.hpp"
#include "support/thread_pool.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;

std::vector<EvalProblem> for_each_pair(const std::vector<std::string>& names, const std::vector<std::string>& notes,
                                       int jobs, const std::function<void(std::size_t, Progress&)>& work) {
  std::vector<std::optional<Error>> errors(names.size());
  {
    Progress progress(
        {.label = "Measuring", .total = static_cast<double>(names.size()), .unit = "files", .rate = " files/s"});
    for (const std::string& sentence : notes) progress.note(sentence);
    parallel_for(names.size(), jobs, [&](std::size_t i) {
      stop_if_interrupted();
      try {
        work(i, progress);
      } catch (const Error& error) {
        if (error.code() != ExitCode::kInput && error.code() != ExitCode::kAudio) throw;
        progress.note(error.what());
        errors[i] = error;
      }
      progress.add();
    });
  }
  std::vector<EvalProblem> problems;
  std::optional<Error> first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!errors[i]) continue;
    if (!first) first = errors[i];
    problems.push_back({names[i], errors[i]->what()});
  }
  if (problems.size() == names.size() && first) {
    throw Error(first->code(), "None of the {} pairs could be measured; the first: {}", names.size(), first->what());
  }
  return problems;
}

EvalRow measure_pair(const EvalPair& pair, const std::vector<std::byte>& model, Progress& progress) {
  const EvalSounds sounds = load_sounds(pair, model);
  for (const std::string& note : sounds.notes) progress.note(note);
  EvalRow row;
  row.pair = pair;
  row.rate_hz = sounds.rate_hz;
  row.seconds = static_cast<double>(sounds.clean.size()) / sounds.rate_hz;
  row.denoise_seconds = sounds.denoise_seconds;
  Reasons noisy, enhanced;
  const auto against_clean = [&](const Spilled<float>& sound, Reasons& undefined) {
    return measure(sounds.clean.values(), sound.values(), sounds.rate_hz, &undefined);
  };
  row.before = against_clean(sounds.noisy, noisy);
  if (sounds.enhanced.size() > 0) row.after = against_clean(sounds.enhanced, enhanced);
  for (const std::string& note : undefined_notes(pair, noisy, enhanced)) progress.note(note);
  return row;
}

void add_conditions(std::vector<EvalPair>& pairs, const std::string& noisy, const std::string& log) {
  const auto names_any = [&](const fs::path& file) {
    const auto conditions = read_conditions(file);
    bool any = false;
    for (EvalPair& pair : pairs) {
      auto found = conditions.find(pair.name);
      if (found == conditions.end()) found = conditions.find(fs::path(pair.name).filename().string());
      if (found == conditions.end()) continue;
      pair.condition = found->second;
      any = true;
    }
    return any;
  };
  if (!log.empty()) {
    if (names_any(log)) return;
    throw Error(ExitCode::kInput, "--log '{}': names none of the {} files; its names have to be those of the files.",
                log, pairs.size());
  }
  for (const fs::path& file : find_conditions(noisy)) {
    try {
      if (names_any(file)) return;
    } catch (const Error&) {
      say("pellucid: {}: is no list of SNRs and noises and is left out; --log names the one to use.\n", file.string());
    }
  }
}

void refuse_partial(const std::vector<EvalProblem>& problems, std::size_t pairs) {
  if (problems.empty()) return;
  throw Error(ExitCode::kPartial, "{} of {} pairs could not be measured; they are named above and left out.",
              problems.size(), pairs);
}

}  // namespace pellucid::cli
