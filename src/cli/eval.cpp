// pellucid eval: how good noisy and denoised files are, given the clean ones.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/eval_output.hpp"
#include "cli/eval_pairs.hpp"
#include "cli/eval_report.hpp"
#include "cli/eval_scores.hpp"
#include "cli/eval_sounds.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"
#include "support/thread_pool.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string clean, noisy, enhanced, model, log, csv, report;
  bool json = false, brief = false, force = false;
  int jobs = 0;
};

struct Problem {
  ExitCode code;
  EvalProblem text;
};

EvalRow measure_pair(const EvalPair& pair, const std::vector<std::byte>& model, Progress& progress) {
  const EvalSounds sounds = load_sounds(pair, model);
  for (const std::string& note : sounds.notes) progress.note(note);
  EvalRow row;
  row.pair = pair;
  row.rate_hz = sounds.rate_hz;
  row.seconds = static_cast<double>(sounds.clean.size()) / sounds.rate_hz;
  row.denoise_seconds = sounds.denoise_seconds;
  row.before = measure(sounds.clean, sounds.noisy, sounds.rate_hz);
  if (!sounds.enhanced.empty()) row.after = measure(sounds.clean, sounds.enhanced, sounds.rate_hz);
  return row;
}

/// Outputs that cannot be written are refused before the work, not after it.
std::optional<AtomicFile> open_output(const std::string& path, bool force) {
  if (path.empty()) return std::nullopt;
  return std::optional<AtomicFile>(std::in_place, path,
                                   force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
}

void add_conditions(EvalPairs& matched, const Options& options) {
  const fs::path file = options.log.empty() ? find_conditions(options.noisy) : fs::path(options.log);
  if (file.empty()) return;
  const auto conditions = read_conditions(file);
  std::size_t known = 0;
  for (EvalPair& pair : matched.pairs) {
    auto found = conditions.find(pair.name);
    if (found == conditions.end()) found = conditions.find(fs::path(pair.name).filename().string());
    if (found == conditions.end()) continue;
    pair.condition = found->second;
    ++known;
  }
  if (known == 0 && !options.log.empty()) {
    throw Error(ExitCode::kInput, "--log '{}': names none of the {} files; its names have to be those of the files.",
                options.log, matched.pairs.size());
  }
}

void run(const Options& options) {
  std::optional<AtomicFile> csv = open_output(options.csv, options.force);
  std::optional<AtomicFile> report = open_output(options.report, options.force);
  const std::vector<std::byte> model = read_checked_model(options.model);
  EvalPairs matched = match_files(options.clean, options.noisy, options.enhanced);
  add_conditions(matched, options);

  std::vector<std::optional<EvalRow>> rows(matched.pairs.size());
  std::vector<Problem> problems;
  {
    Progress progress(
        {.label = "Measuring", .total = static_cast<double>(rows.size()), .unit = "files", .rate = " files/s"});
    for (const std::string& sentence : matched.unmatched) progress.note(sentence);
    std::mutex mutex;
    parallel_for(rows.size(), options.jobs, [&](std::size_t i) {
      stop_if_interrupted();
      try {
        rows[i] = measure_pair(matched.pairs[i], model, progress);
      } catch (const Error& error) {
        if (error.code() != ExitCode::kInput && error.code() != ExitCode::kAudio) throw;
        progress.note(error.what());
        const std::lock_guard lock(mutex);
        problems.push_back({error.code(), {matched.pairs[i].name, error.what()}});
      }
      progress.add();
    });
  }
  std::sort(problems.begin(), problems.end(),
            [](const Problem& a, const Problem& b) { return a.text.name < b.text.name; });

  EvalResult result{options.clean,
                    options.noisy,
                    options.model.empty() ? options.enhanced : "model " + options.model,
                    {},
                    matched.unmatched,
                    {},
                    {},
                    {},
                    {}};
  for (std::optional<EvalRow>& row : rows) {
    if (row) result.rows.push_back(std::move(*row));
  }
  for (const Problem& problem : problems) result.problems.push_back(problem.text);
  if (result.rows.empty()) {
    throw Error(problems.front().code, "None of the {} pairs could be measured; the first: {}", rows.size(),
                problems.front().text.sentence);
  }
  result.all = summarize_all(result.rows);
  result.snrs = by_snr(result.rows);
  result.noises = by_noise(result.rows);

  if (csv) {
    csv->write(to_csv(result));
    csv->commit();
  }
  if (report) {
    report->write(to_html(result, [&](const EvalPair& pair) { return load_sounds(pair, model); }));
    report->commit();
  }
  fmt::print("{}", options.json ? to_json(result) : to_text(result, !options.brief));
  if (report && !options.json) fmt::print("\nReport: {}\n", options.report);
  std::fflush(stdout);
  if (!problems.empty()) {
    throw Error(ExitCode::kPartial, "{} of {} pairs could not be measured; they are named above and left out.",
                problems.size(), rows.size());
  }
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "eval", "Measure noisy and denoised speech against the clean files: SI-SDR, STOI, ESTOI, segmental SNR, LSD");
  command->add_option("--clean", options->clean, "Folder of clean files, or one file")->required()->type_name("DIR");
  command->add_option("--noisy", options->noisy, "Folder of noisy files of the same names")
      ->required()
      ->type_name("DIR");
  auto* enhanced = command->add_option("--enhanced", options->enhanced, "Folder of denoised files of the same names")
                       ->type_name("DIR");
  command->add_option("--model", options->model, "Denoise the noisy files with this model: a name or a file")
      ->excludes(enhanced)
      ->type_name("NAME|FILE");
  command
      ->add_option("--log", options->log,
                   "log.csv (columns name,snr,noise) or list.json with each file's SNR and noise; without it, the one "
                   "beside the folder of noisy files")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "Print JSON in place of tables");
  command->add_flag("--brief", options->brief, "No line for each file");
  command->add_option("--csv", options->csv, "Write a line for each file")->type_name("FILE");
  command->add_option("--report", options->report, "Write a page with tables, plots, spectrograms and players")
      ->type_name("FILE.html");
  command->add_flag("--force", options->force, "Replace files of --csv and --report that are there");
  command->add_option("-j,--jobs", options->jobs, "Threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
