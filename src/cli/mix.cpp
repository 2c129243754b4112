// pellucid mix: speech and noise into clean/ noisy/ log.csv.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/edge.hpp"
#include "corpus/mix_dataset.hpp"
#include "corpus/mix_folder.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/nearest.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using corpus::Kind;
using corpus::Split;

struct Options {
  std::vector<std::string> speech, noise;
  std::string corpus, out, part, snr = "0,5,10,15", level = "-33:-18", mode = "active", split = "test", format = "wav";
  int rate_hz = 16000;
  corpus::DatasetOptions dataset;
};

double number(const std::string& option, const std::string& text) {
  double value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin < end && *begin == '+' ? begin + 1 : begin, end, value);
  if (error != std::errc() || rest != end || !(value >= -200 && value <= 200))
    throw Error(ExitCode::kUsage, "{}: found '{}', expected a number of decibels.", option, text);
  return value;
}

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

void parse_range(const std::string& option, const std::string& text, double& low, double& high) {
  const auto parts = split_at(text, ':');
  if (parts.size() > 2) throw Error(ExitCode::kUsage, "{}: found '{}', expected MIN:MAX.", option, text);
  low = number(option, parts.front());
  high = number(option, parts.back());
}

std::vector<std::string> noise_words() {
  std::vector<std::string> words{"babble"};
  for (const auto kind : corpus::kSyntheticNoises) words.emplace_back(corpus::name_of(kind));
  return words;
}

// Words become kinds, everything else folders.
std::vector<corpus::SourceFolder> parse_noise(Options& options) {
  std::vector<corpus::SourceFolder> folders;
  for (const std::string& text : options.noise) {
    if (text == "corpus" && !options.corpus.empty()) continue;
    if (text == "babble") {
      options.dataset.babble = true;
    } else if (const auto kind = corpus::synthetic_noise(text)) {
      options.dataset.kinds.push_back(*kind);
    } else if (fs::exists(text)) {
      folders.push_back({Kind::kNoise, text});
    } else {
      throw Error(ExitCode::kInput, "--noise: '{}' is neither a folder nor a kind of noise; {}", text,
                  did_you_mean(text, noise_words()));
    }
  }
  return folders;
}

Split parse_split(const std::string& name) {
  return name == "train" ? Split::kTrain : name == "valid" ? Split::kValid : Split::kTest;
}

void write(const corpus::ClipSource& source, Split split, const corpus::DatasetOptions& options) {
  const corpus::Catalogue catalogue(source, split);
  corpus::DatasetResult result;
  {
    Progress progress({.label = "Mixing", .unit = "files", .rate = " files/s"});
    corpus::DatasetHooks hooks;
    hooks.stop = [] { return interrupted(); };
    hooks.planned = [&](std::uint64_t total) { progress.set_total(static_cast<double>(total)); };
    hooks.written = [&] { progress.add(); };
    result = corpus::write_dataset(catalogue, options, hooks);
  }
  const std::string out = options.out.string();
  if (options.part.divided()) {
    fmt::print("Part {} of {}: {} pairs, {:.2f} hours: {}\n", options.part.index, options.part.count, result.pairs,
               result.seconds / 3600, options.part.folder(options.out).string());
    fmt::print("When every part is below {}, the same command without --part puts them together\n", out);
    flush_output();
    return;
  }
  if (result.taken > 0) fmt::print("{} pairs were there from parts\n", result.taken);
  fmt::print("{} pairs, {:.2f} hours: {}/clean {}/noisy {}/log.csv\n", result.pairs, result.seconds / 3600, out, out,
             out);
  if (result.scaled > 0) {
    fmt::print("{} pairs were scaled to fit the file's range; the factor stands in the column 'scale' of log.csv\n",
               result.scaled);
  }
  flush_output();
}

void run(Options& options) {
  corpus::DatasetOptions& dataset = options.dataset;
  dataset.out = options.out;
  if (!options.part.empty()) dataset.part = corpus::parse_part(options.part);
  dataset.mode = options.mode == "rms" ? corpus::SnrMode::kRms : corpus::SnrMode::kActive;
  dataset.extension = options.format;
  if (options.snr.find(':') != std::string::npos) {
    parse_range("--snr", options.snr, dataset.snr_min_db, dataset.snr_max_db);
  } else {
    for (const auto& text : split_at(options.snr, ',')) dataset.snrs_db.push_back(number("--snr", text));
  }
  parse_range("--level", options.level, dataset.level_min_dbfs, dataset.level_max_dbfs);
  std::vector<corpus::SourceFolder> folders = parse_noise(options);
  if (!options.corpus.empty()) {
    if (!options.speech.empty() || !folders.empty())
      throw Error(ExitCode::kUsage,
                  "--corpus brings its own speech and noise: leave out --speech and folders in --noise.");
    dataset.recorded =
        options.noise.empty() || std::find(options.noise.begin(), options.noise.end(), "corpus") != options.noise.end();
    const auto corpus = corpus::Corpus::open(options.corpus);
    write(corpus::CorpusClips(corpus), parse_split(options.split), dataset);
    return;
  }
  if (options.speech.empty() || options.noise.empty())
    throw Error(ExitCode::kUsage, "Give --speech and --noise, or --corpus; see 'pellucid mix --help'.");
  dataset.recorded = !folders.empty();
  for (const auto& folder : options.speech) folders.push_back({Kind::kSpeech, folder});
  corpus::FolderClips clips(folders, options.rate_hz);
  {
    Progress progress(
        {.label = "Reading", .total = static_cast<double>(clips.file_count()), .unit = "files", .rate = " files/s"});
    clips.load(dataset.jobs, {.damaged = [&](const std::string& text) { progress.note(text); },
                              .decoded = [&] { progress.add(); },
                              .stop = [] { return interrupted(); }});
  }
  write(clips, Split::kTrain, dataset);
}

}  // namespace

void add_mix(CLI::App& app) {
  auto options = std::make_shared<Options>();
  corpus::DatasetOptions& dataset = options->dataset;
  CLI::App* command = app.add_subcommand("mix", "Make noisy speech at stated SNRs: clean/ noisy/ log.csv");
  command
      ->add_option("--speech", options->speech,
                   "Folders of speech; a folder that holds recordings, each of these or below, is a speaker")
      ->type_name("DIR");
  command->add_option("--noise", options->noise, "Folders of noise, and kinds made by rule")
      ->type_name(fmt::format("DIR|{{{}}}", fmt::join(noise_words(), ",")));
  command
      ->add_option("--corpus", options->corpus,
                   "A prepared corpus in place of --speech and folders in --noise; --noise corpus KIND ... mixes kinds "
                   "with its recordings")
      ->type_name("DIR");
  command->add_option("--split", options->split, "Which side of the corpus")
      ->check(CLI::IsMember({"train", "valid", "test"}))
      ->capture_default_str();
  command->add_option("-o,--out", options->out, "Where clean/ noisy/ log.csv go")->required()->type_name("DIR");
  auto* count = command
                    ->add_option("--count", dataset.count,
                                 "How many pairs; without --count and --hours every recording of speech once")
                    ->check(number_in(1, corpus::kMostPairs));
  command->add_option("--hours", dataset.hours, "How many hours")->excludes(count)->check(number_above(0, 100000));
  command->add_option("--length-s", dataset.length_s,
                      "Seconds of each pair, filled with one speaker; without it each pair is one whole recording");
  command->add_option("--snr", options->snr, "SNRs in dB: a list taken in turn (0,5,10) or a range drawn from (-5:20)")
      ->capture_default_str()
      ->type_name("LIST|MIN:MAX");
  command->add_option("--snr-mode", options->mode, "Level of speech: active (ITU-T P.56) or rms over the whole file")
      ->check(CLI::IsMember({"active", "rms"}))
      ->capture_default_str();
  command->add_option("--level", options->level, "Level of the speech in dBFS, drawn from a range")
      ->capture_default_str()
      ->type_name("MIN:MAX");
  command->add_flag("--allow-clipping", dataset.allow_clipping,
                    "Keep the level and clip the noisy file, instead of scaling both down");
  command->add_option("--rate", options->rate_hz, "Sample rate in Hz (folders; a corpus has its own)")
      ->check(number_in(8000, 192000))
      ->capture_default_str();
  command->add_option("--bits", dataset.bits, "Bits of a sample")
      ->check(CLI::IsMember({16, 24}))
      ->capture_default_str();
  command->add_option("--format", options->format, "Kind of file")
      ->check(CLI::IsMember({"wav", "flac"}))
      ->capture_default_str();
  command->add_option("--seed", dataset.seed, "The same seed gives the same bytes")
      ->check(whole_64())
      ->capture_default_str();
  command->add_option("-j,--jobs", dataset.jobs, "Threads; 0: one a core")
      ->check(number_in(0, 1024))
      ->capture_default_str();
  command
      ->add_option("--part", options->part,
                   "Make one share of the pairs, for example 2/4 on the second of four machines; see "
                   "docs/data-pipeline.md")
      ->type_name("I/N");
  command->add_flag("--force", dataset.force, "Replace clean/ noisy/ log.csv that are there");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
