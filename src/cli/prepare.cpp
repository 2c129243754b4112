// pellucid prepare: folders of recordings into a corpus.
#include "corpus/prepare.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/edge.hpp"
#include "corpus/index.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {
namespace {

using corpus::Kind;
using corpus::PrepareTotals;
using corpus::Split;

struct Options {
  std::vector<std::string> speech, noise, rir;
  std::string groups, part;
  bool json = false;
  corpus::PrepareOptions prepare;
};

void print_summary(const Options& options, const corpus::PrepareResult& result) {
  const std::string folder = options.prepare.out.string();
  if (const corpus::Part& part = options.prepare.part; part.divided()) {
    fmt::print("Part {} of {}: {} files ({} finished before, {} damaged and skipped), {} clips refused: {}\n",
               part.index, part.count, result.files, result.files_reused, result.damaged, result.refused,
               part.folder(options.prepare.out).string());
    fmt::print("When every part is below {}, the same command without --part makes the corpus of them\n", folder);
    return;
  }
  fmt::print("{:8} {:6} {:>8} {:>8} {:>9}\n", "kind", "split", "clips", "groups", "hours");
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise, Kind::kRir}) {
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
      const PrepareTotals& totals = result.totals[static_cast<int>(kind)][static_cast<int>(split)];
      if (totals.clips == 0) continue;
      fmt::print("{:8} {:6} {:8} {:8} {:9.3f}\n", corpus::to_string(kind), corpus::to_string(split), totals.clips,
                 totals.groups, totals.hours);
    }
  }
  if (result.nothing_to_do) {
    fmt::print("{}: nothing to do, the corpus is up to date\n", folder);
    return;
  }
  fmt::print("{} files ({} finished before, {} damaged and skipped), {} clips refused, {} shards\n", result.files,
             result.files_reused, result.damaged, result.refused, result.shards);
  fmt::print("Corpus: {}   reasons: {}/report.json\n", folder, folder);
}

void run(Options& options) {
  corpus::PrepareOptions& prepare = options.prepare;
  for (const std::string& folder : options.speech) prepare.folders.push_back({Kind::kSpeech, folder});
  for (const std::string& folder : options.noise) prepare.folders.push_back({Kind::kNoise, folder});
  for (const std::string& folder : options.rir) prepare.folders.push_back({Kind::kRir, folder});
  if (!options.groups.empty()) prepare.groups = corpus::GroupRules::load(options.groups);
  if (!options.part.empty()) {
    if (options.json) throw Error(ExitCode::kUsage, "--json: a part has no report; leave out --json or --part.");
    prepare.part = corpus::parse_part(options.part);
  }
  corpus::PrepareResult result;
  {
    Progress progress({.label = "Preparing", .unit = "MB", .rate = " MB/s"});
    constexpr double kMegabyte = 1e6;
    corpus::PrepareHooks hooks;
    hooks.stop = [] { return interrupted(); };
    hooks.note = [&](const std::string& text) { progress.note(text); };
    hooks.progress = [&progress, done = 0.0](std::uint64_t bytes, std::uint64_t total) mutable {
      progress.set_total(static_cast<double>(total) / kMegabyte);
      progress.add(static_cast<double>(bytes) / kMegabyte - done);
      done = static_cast<double>(bytes) / kMegabyte;
    };
    result = corpus::prepare(prepare, hooks);
  }
  if (options.json) {
    fmt::print("{}", result.report_json);
  } else {
    print_summary(options, result);
  }
  flush_output();
}

}  // namespace

void add_prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  corpus::PrepareOptions& prepare = options->prepare;
  corpus::FitnessLimits& limits = prepare.limits;
  CLI::App* command = app.add_subcommand(
      "prepare",
      "Make a corpus for training: decode, resample, measure and split recordings by speaker and noise source");
  command
      ->add_option("--speech", options->speech,
                   "Folders of clean speech; a folder that holds recordings, each of these or below, is a speaker")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--noise", options->noise,
                   "Folders of noise; a folder that holds recordings, each of these or below, is a source")
      ->type_name("DIR");
  command->add_option("--rir", options->rir, "Folders of room impulse responses")->type_name("DIR");
  command->add_option("--out", prepare.out, "The corpus's folder, new or of an earlier run")
      ->required()
      ->type_name("DIR");
  command->add_option("--rate", prepare.rate_hz, "Sample rate of the corpus in Hz")->capture_default_str();
  command
      ->add_option("--groups", options->groups,
                   "CSV (kind,pattern,group,label[,split]) that says which recordings are one speaker or source; see "
                   "docs/data-pipeline.md")
      ->type_name("FILE.csv");
  command->add_option("--valid", prepare.shares.valid, "Share of the speakers and sources held back for validation")
      ->capture_default_str();
  command->add_option("--test", prepare.shares.test, "Share of the speakers and sources held back for a test")
      ->capture_default_str();
  command->add_option("--seed", prepare.shares.seed, "Another seed splits differently")
      ->check(whole_64())
      ->capture_default_str();
  command->add_option("--jobs", prepare.jobs, "Threads; 0 is one a core")->capture_default_str();
  command
      ->add_option("--part", options->part,
                   "Do one share of the work, for example 2/4 on the second of four machines; see "
                   "docs/data-pipeline.md")
      ->type_name("I/N");
  command->add_flag("--update", prepare.update, "Bring a finished corpus up to date with changed sources or options");
  command->add_flag("--json", options->json, "Print the report as JSON in place of the table");
  command
      ->add_option("--piece-seconds", prepare.piece_s,
                   "Cut longer recordings into clips of this length, the last up to half longer")
      ->capture_default_str();
  command->add_option("--shard-bytes", prepare.shard_bytes, "Most bytes of a shard, at most 64000000")
      ->check(whole_64())
      ->capture_default_str();
  const auto limit = [command](const char* name, double& value, const char* help) {
    command->add_option(name, value, help)->capture_default_str()->group("What is fit");
  };
  limit("--speech-min-dynamic", limits.speech_min_dynamic_db,
        "Least dB between the 95th and 5th percentile of 20 ms levels");
  limit("--speech-min-level", limits.speech_min_level_dbfs, "Least active level (ITU-T P.56) in dBFS");
  limit("--speech-min-seconds", limits.speech_min_s, "Least length");
  limit("--speech-max-clipped", limits.speech_max_clipped, "Largest share of clipped samples");
  limit("--speech-max-silence", limits.speech_max_silence, "Largest share of 20 ms frames below -70 dBFS");
  limit("--speech-min-bandwidth", limits.speech_min_bandwidth_hz, "Least bandwidth in Hz");
  limit("--noise-min-level", limits.noise_min_level_dbfs, "Least RMS level in dBFS");
  limit("--noise-min-seconds", limits.noise_min_s, "Least length");
  limit("--noise-max-clipped", limits.noise_max_clipped, "Largest share of clipped samples");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
