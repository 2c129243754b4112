#include "cli/denoise_plan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "audio/stream.hpp"
#include "support/error.hpp"
#include "support/walk.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_missing(const fs::path& path) {
  std::error_code error;
  return path != "-" && fs::status(path, error).type() == fs::file_type::not_found;
}

// Of "talk.wav clean.wav" and "recordings cleaned" the second, where there is no such thing yet: so people type it, as
// for sox, ffmpeg or cp.
bool names_an_output(const fs::path& first, const fs::path& second) {
  if (second.empty() || is_missing(first)) return false;
  if (is_missing(second)) return true;
  std::error_code error;
  if (!fs::is_regular_file(first, error)) return false;
  if (is_folder(second))
    throw Error(ExitCode::kUsage,
                "{0} is a file and {1} a folder; to write into the folder, say -o {1}, to denoise what is in both, "
                "-o FOLDER.",
                first.string(), second.string());
  if (fs::is_regular_file(second, error) && audio::has_written_extension(second))
    throw Error(ExitCode::kUsage,
                "{0} and {1} are both there; to write the second, say -o {1} --force, to denoise both, -o FOLDER.",
                first.string(), second.string());
  return false;
}

bool is_foreign(const fs::path& input) {
  return audio::has_foreign_extension(input) || audio::has_foreign_content(input);
}

// An output whose ending says another format than it would have. Without an ending, or with the input's own whatever
// that says, it gets the input's format.
void check_ending(const std::string& input, const fs::path& output) {
  const std::string ending = output.extension().string();
  if (output == "-" || ending.empty()) return;
  if (audio::has_written_extension(output)) return;
  const bool same = input != "-" && fs::path(input).extension() == ending;
  if (same && !is_foreign(input)) return;
  throw Error(ExitCode::kUsage,
              "{}: {} cannot be written; end it in .wav, .flac, .ogg, .opus, .mp3, .aiff, .caf, .au, .w64, .m4a, or as "
              "the film that it is from.",
              output.string(), ending);
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path).lexically_normal() : real;
}

// The name as it is, but "talk.wav" for "talk.amr", which nobody writes here, and for a film that is called "talk.txt".
fs::path writable_name(const fs::path& input, fs::path name) {
  if (audio::has_written_extension(name)) return name;
  if (is_foreign(input)) name.replace_extension(".wav");
  return name;
}

// "talk.wav" -> "talk.denoised.wav".
fs::path beside(const fs::path& input, const char* word) {
  fs::path name = input.stem();
  name += std::string(".") + word;
  name += input.extension();
  return input.parent_path() / writable_name(input, name);
}

// Says where WAV takes the place of what cannot be written, or of a film whose output's name does not say film.
void note_other_kinds(DenoisePlan& plan) {
  const DenoiseJob& first = plan.jobs.front();
  if (first.output != "-" && first.output.extension().empty() && first.problem.empty() && is_foreign(first.input)) {
    const std::string ending = first.input.extension().string();
    const bool writable = audio::has_written_extension(first.input);
    plan.notes.push_back(fmt::format("{}: has no ending and becomes a WAV{}.", first.output.string(),
                                     writable ? fmt::format("; end it in {} for such a file", ending) : ""));
    return;
  }
  std::vector<const DenoiseJob*> changed;
  std::set<std::string> endings;
  for (const DenoiseJob& job : plan.jobs) {
    const fs::path ending = job.input.extension();
    if (!job.problem.empty() || audio::has_written_extension(job.input)) continue;
    if (job.output == "-" || audio::lower_extension(job.output) != ".wav") continue;
    if (!is_foreign(job.input)) continue;
    changed.push_back(&job);
    endings.insert(ending.empty() ? "without an ending" : ending.string());
  }
  if (changed.empty()) return;
  if (changed.size() == 1) {
    plan.notes.push_back(fmt::format("{}: such a file cannot be written; its cleaned sound becomes a WAV, {}.",
                                     changed[0]->input.string(), changed[0]->output.string()));
    return;
  }
  plan.notes.push_back(
      fmt::format("{} files ({}) are of kinds that cannot be written; their cleaned sound becomes WAV.", changed.size(),
                  fmt::join(endings, ", ")));
}

bool is_result(const fs::path& path) {
  const std::string inner = path.stem().extension().string();
  return inner == ".denoised" || inner == ".residue";
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  (void)at;
  return end == folder.end();
}

// Why a folder's files cannot be listed; empty where they can.
std::string unreadable(const fs::path& folder) {
  if (::access(folder.c_str(), R_OK | X_OK) == 0) return {};
  return fmt::format("{}: cannot be read: {}; check its permissions.", folder.string(), std::strerror(errno));
}

struct Found {
  std::vector<fs::path> files, films;
  std::vector<DenoiseJob> unreadable;  // folders, with the reason
};

// The sound files of a folder, sorted, without earlier results and without those below `excluded`.
Found sound_files(const fs::path& folder, const std::optional<fs::path>& excluded) {
  Found found;
  std::vector<fs::path>& files = found.files;
  if (const std::string problem = unreadable(folder); !problem.empty()) throw Error(ExitCode::kInput, "{}", problem);
  const Walked walked = walk(folder, [&](const fs::path& below) {
    if (excluded && resolved(below) == *excluded) return false;
    const std::string problem = unreadable(below);
    if (!problem.empty()) found.unreadable.push_back({below, below, problem});
    return problem.empty();
  });
  for (const auto& [path, reason] : walked.unreadable)
    found.unreadable.push_back({path, path, fmt::format("{}: cannot be read: {}.", path.string(), reason)});
  for (const fs::path& path : walked.files) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored) || is_result(path)) continue;
    if (audio::has_sound_extension(path)) files.push_back(path);
    if (audio::has_film_extension(path)) found.films.push_back(path);
  }
  if (files.empty() && found.unreadable.empty()) {
    const auto films = found.films.size();
    throw Error(ExitCode::kInput,
                "{}: there is no sound file in this folder (.wav, .flac, .ogg, .opus, .mp3, .aiff){}.", folder.string(),
                films == 0 ? ""
                           : fmt::format(", but {} film{}; name what is to be cleaned, as {}", films,
                                         films == 1 ? "" : "s", found.films.front().string()));
  }
  return found;
}

std::string films_left_out(const fs::path& folder, const std::vector<fs::path>& films) {
  const bool one = films.size() == 1;
  return fmt::format("{}: {} film{} left out, as {}; a film is cleaned where it is named.", folder.string(),
                     films.size(), one ? " is" : "s are", films.front().string());
}

void refuse_missing(const std::vector<std::string>& inputs) {
  const auto count = std::count_if(inputs.begin(), inputs.end(), is_missing);
  if (count == 0) return;
  const std::string& first = *std::find_if(inputs.begin(), inputs.end(), is_missing);
  throw Error(ExitCode::kInput, "{}: there is no such file or folder{}; nothing was done.", first,
              count > 1 ? fmt::format(", nor {} more of those that are named", count - 1) : "");
}

void check_clashes(const DenoisePlan& plan) {
  std::map<fs::path, fs::path> taken;
  std::set<fs::path> inputs;
  for (const DenoiseJob& job : plan.jobs) {
    if (job.input != "-") inputs.insert(resolved(job.input));
  }
  for (const DenoiseJob& job : plan.jobs) {
    if (job.output == "-" || !job.problem.empty()) continue;
    const fs::path output = resolved(job.output);
    if (inputs.count(output) != 0) {
      throw Error(ExitCode::kOutput, "{}: would be written over an input; name another output with -o.",
                  job.output.string());
    }
    const auto [at, fresh] = taken.emplace(output, job.input);
    if (!fresh) {
      throw Error(ExitCode::kOutput,
                  "{}: both {} and {} would be written there; denoise them into folders of their own.",
                  job.output.string(), at->second.string(), job.input.string());
    }
  }
}

}  // namespace

DenoisePlan plan_denoise(const std::vector<std::string>& inputs, const std::optional<std::string>& output,
                         bool residue) {
  if (!output && inputs.size() == 2 && names_an_output(inputs[0], inputs[1])) {
    return plan_denoise({inputs[0]}, inputs[1], residue);
  }
  const char* word = residue ? "residue" : "denoised";
  const bool has_folder = std::any_of(inputs.begin(), inputs.end(), [](const auto& in) { return is_folder(in); });
  const auto pipes = std::count(inputs.begin(), inputs.end(), "-");
  if (output && output->empty()) throw Error(ExitCode::kUsage, "-o is empty; name a file, a folder or -.");
  if (pipes > 1) throw Error(ExitCode::kUsage, "Standard input (-) was named {} times; it can be read once.", pipes);
  const bool several = inputs.size() > 1 || has_folder;
  if (output == "-" && several) {
    throw Error(ExitCode::kUsage, "Several files cannot go into one pipe; name a folder with -o.");
  }
  const bool ends_as_folder = output && output->back() == '/';
  const bool into_folder = output && *output != "-" && (several || ends_as_folder || is_folder(*output));
  if (into_folder && !ends_as_folder && !fs::exists(*output) && audio::has_written_extension(*output)) {
    throw Error(ExitCode::kUsage, "{}: is a file's name, but several files are to be written; name a folder.", *output);
  }
  if (into_folder && fs::exists(*output) && !is_folder(*output)) {
    throw Error(ExitCode::kOutput, "{}: is a file, but several files are to be written; name a folder with -o.",
                *output);
  }
  if (into_folder && pipes > 0) {
    throw Error(ExitCode::kUsage, "What comes from standard input has no name in the folder {}; name a file with -o.",
                *output);
  }
  if (!output && several && pipes > 0) {
    throw Error(ExitCode::kUsage, "Standard input (-) among other inputs has nowhere to go; denoise it by itself.");
  }

  refuse_missing(inputs);

  DenoisePlan plan;
  std::set<fs::path> folders;
  std::optional<fs::path> excluded;
  if (into_folder) excluded = resolved(*output);
  for (const std::string& input : inputs) {
    if (output && !into_folder) check_ending(input, *output);
    if (input == "-") {
      plan.jobs.push_back({input, output.value_or("-")});
    } else if (is_folder(input)) {
      const bool whole_folder_is_output = excluded && is_below(resolved(input), *excluded);
      const Found found = sound_files(input, whole_folder_is_output ? std::nullopt : excluded);
      plan.jobs.insert(plan.jobs.end(), found.unreadable.begin(), found.unreadable.end());
      if (!found.films.empty()) plan.notes.push_back(films_left_out(input, found.films));
      for (const fs::path& file : found.files) {
        const fs::path target =
            into_folder ? fs::path(*output) / writable_name(file, file.lexically_relative(input)) : beside(file, word);
        plan.jobs.push_back({file, target});
        if (into_folder) folders.insert(target.parent_path());
      }
    } else if (into_folder) {
      plan.jobs.push_back({input, fs::path(*output) / writable_name(input, fs::path(input).filename())});
      folders.insert(fs::path(*output));
    } else {
      plan.jobs.push_back({input, output ? fs::path(*output) : beside(input, word)});
    }
  }
  check_clashes(plan);
  note_other_kinds(plan);
  plan.folders.assign(folders.begin(), folders.end());
  return plan;
}

}  // namespace pellucid::cli
