// pellucid eval: how good noisy and denoised files are, given the clean ones.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/edge.hpp"
#include "cli/eval_compare.hpp"
#include "cli/eval_output.hpp"
#include "cli/eval_pairs.hpp"
#include "cli/eval_report.hpp"
#include "cli/eval_scores.hpp"
#include "cli/eval_sounds.hpp"
#include "cli/eval_work.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {
namespace {

struct Options {
  std::string clean, noisy, enhanced, model, log, csv, report;
  std::vector<std::string> compare, metrics;
  bool json = false, brief = false, force = false;
  int jobs = 0;
};

/// Outputs that cannot be written are refused before the work, not after it.
std::optional<AtomicFile> open_output(const std::string& path, bool force) {
  if (path.empty()) return std::nullopt;
  return std::optional<AtomicFile>(std::in_place, path,
                                   force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
}

void write(std::optional<AtomicFile>& file, const std::string& text) {
  if (!file) return;
  file->write(text);
  file->commit();
}

void run_comparison(const Options& options) {
  const std::vector<std::size_t> shown = choose_measures(options.metrics, all_measures());
  std::optional<AtomicFile> csv = open_output(options.csv, options.force);
  const Comparison comparison = compare_systems(
      {options.clean, options.noisy, options.compare.at(0), options.compare.at(1), options.log, options.jobs});
  write(csv, to_csv(comparison));
  fmt::print("{}", options.json ? to_json(comparison) : to_text(comparison, shown));
  flush_output();
  refuse_partial(comparison.problems, comparison.rows.size() + comparison.problems.size());
}

void run(const Options& options) {
  if (!options.compare.empty()) return run_comparison(options);
  choose_measures(options.metrics, {});  // a wrong name is refused before the work
  std::optional<AtomicFile> csv = open_output(options.csv, options.force);
  std::optional<AtomicFile> report = open_output(options.report, options.force);
  const std::vector<std::byte> model = read_checked_model(options.model);
  EvalPairs matched = match_files(options.clean, options.noisy, options.enhanced);
  add_conditions(matched.pairs, options.noisy, options.log);

  std::vector<std::string> names;
  for (const EvalPair& pair : matched.pairs) names.push_back(pair.name);
  std::vector<std::optional<EvalRow>> rows(names.size());
  const std::vector<EvalProblem> problems = for_each_pair(
      names, matched.unmatched, options.jobs,
      [&](std::size_t i, Progress& progress) { rows[i] = measure_pair(matched.pairs[i], model, progress); });

  EvalResult result{options.clean,
                    options.noisy,
                    options.model.empty() ? options.enhanced : "model " + options.model,
                    {},
                    matched.unmatched,
                    problems,
                    {},
                    {},
                    {},
                    choose_measures(options.metrics, usual_measures())};
  for (std::optional<EvalRow>& row : rows) {
    if (row) result.rows.push_back(std::move(*row));
  }
  result.all = summarize_all(result.rows);
  result.snrs = by_snr(result.rows);
  result.noises = by_noise(result.rows);

  write(csv, to_csv(result));
  if (report) {
    EvalResult page = result;
    page.shown = choose_measures(options.metrics, all_measures());
    write(report, to_html(page, [&](const EvalPair& pair) { return load_sounds(pair, model); }));
  }
  fmt::print("{}", options.json ? to_json(result) : to_text(result, !options.brief));
  if (report && !options.json) fmt::print("\nReport: {}\n", options.report);
  flush_output();
  refuse_partial(problems, rows.size());
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "eval", "Measure noisy and denoised speech against the clean files: PESQ, STOI, SI-SDR, COVL and more");
  command->add_option("--clean", options->clean, "Folder of clean files, or one file")->required()->type_name("DIR");
  command->add_option("--noisy", options->noisy, "Folder of noisy files of the same names")
      ->required()
      ->type_name("DIR");
  auto* enhanced = command->add_option("--enhanced", options->enhanced, "Folder of denoised files of the same names")
                       ->type_name("DIR")
                       ->check(not_empty());
  auto* model =
      command->add_option("--model", options->model, "Denoise the noisy files with this model: a name or a file")
          ->excludes(enhanced)
          ->type_name("MODEL")
          ->check(not_empty());
  auto* compare = command
                      ->add_option("--compare", options->compare,
                                   "Two systems on the same files, each a folder of denoised files or a model: mean "
                                   "differences with intervals and p-values")
                      ->expected(2)
                      ->excludes(enhanced)
                      ->excludes(model)
                      ->type_name("DIR|MODEL")
                      ->check(not_empty());
  command
      ->add_option("--log", options->log,
                   "log.csv (columns name,snr,noise) or list.json with each file's SNR and noise; without it, the one "
                   "beside the folder of noisy files")
      ->type_name("FILE")
      ->check(not_empty());
  command
      ->add_option("--metrics", options->metrics,
                   "Columns of the tables, for example pesq,stoi,covl; or all. JSON and CSV hold all of them")
      ->delimiter(',')
      ->type_name("LIST");
  command->add_flag("--json", options->json, "Print JSON in place of tables");
  command->add_flag("--brief", options->brief, "No line for each file");
  command->add_option("--csv", options->csv, "Write a line for each file")->type_name("FILE")->check(not_empty());
  command->add_option("--report", options->report, "Write a page with tables, plots, spectrograms and players")
      ->excludes(compare)
      ->type_name("FILE.html")
      ->check(ends_in(".html"));
  command->add_flag("--force", options->force, "Replace files of --csv and --report that are there");
  command->add_option("-j,--jobs", options->jobs, "Threads; 0: one a core")
      ->check(number_in(0, 1024))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
