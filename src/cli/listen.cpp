// `pellucid listen RECIPE`: the pairs that a recipe would train on, as files to hear.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "audio/stream.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/edge.hpp"
#include "corpus/corpus.hpp"
#include "corpus/loader_pair.hpp"
#include "support/atomic_file.hpp"
#include "support/csv.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"
#include "training/recipe.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kList[] = "list.csv";
constexpr int kWavFloat = 0x010006;  // libsndfile's SF_FORMAT_WAV | SF_FORMAT_FLOAT

struct Options {
  std::string recipe, corpus, out, split = "train";
  std::vector<std::string> settings;
  int count = 20;
  std::uint64_t first = 0;
  double length_s = 0;
  bool force = false;
};

training::Recipe recipe_of(const Options& options) {
  std::vector<std::string> settings = options.settings;
  if (!options.corpus.empty()) settings.push_back(training::Recipe::setting("train.corpus", options.corpus));
  return training::Recipe::load(options.recipe, settings);
}

std::string file_name(std::uint64_t pair, const char* kind) { return fmt::format("{:05}.{}.wav", pair, kind); }

/// Whether an earlier run wrote a file of this name.
bool is_ours(const std::string& name) {
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  const std::string rest = name.substr(digits);
  return name == kList || (digits >= 5 && (rest == ".noisy.wav" || rest == ".clean.wav"));
}

std::vector<fs::path> earlier_files(const fs::path& out) {
  std::vector<fs::path> files;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(out, code))
    if (is_ours(entry.path().filename().string())) files.push_back(entry.path());
  return files;
}

void make_folder(const fs::path& out, bool force) {
  std::error_code code;
  if (!force && !earlier_files(out).empty())
    throw Error(ExitCode::kOutput, "{}: holds pairs already; add --force to replace them, or name another folder.",
                out.string());
  fs::create_directories(out, code);
  if (code) throw Error(ExitCode::kOutput, "{}: the folder cannot be made ({}).", out.string(), code.message());
  fs::remove(out / kList, code);  // it does not tell of what follows, should that end early
}

/// Pairs of an earlier run, which the list does not name.
void remove_surplus(const fs::path& out, const std::set<std::string>& written) {
  std::error_code code;
  for (const fs::path& file : earlier_files(out))
    if (!written.contains(file.filename().string())) fs::remove(file, code);
}

void run(const Options& options) {
  const training::Recipe recipe = recipe_of(options);
  const corpus::Corpus corpus = corpus::Corpus::open(recipe.train.corpus);
  const corpus::CorpusClips clips(corpus);
  const corpus::PairMaker maker(clips, recipe.mix,
                                options.split == "train" ? corpus::Split::kTrain : corpus::Split::kValid);
  const fs::path out = options.out;
  make_folder(out, options.force);

  audio::StreamFormat format;
  format.rate_hz = corpus.rate_hz();
  format.channels = 1;
  format.code = kWavFloat;
  const double length_s = options.length_s > 0 ? options.length_s : recipe.train.chunk_s;
  const auto samples = static_cast<std::size_t>(std::lround(length_s * corpus.rate_hz()));
  std::vector<float> noisy(samples), clean(samples);
  const auto existing = options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep;
  std::set<std::string> written{kList};
  std::string list = "pair,noisy,clean,snr_db,level_dbfs,speech,noise\n";
  Progress progress(
      {.label = "Mixing", .total = static_cast<double>(options.count), .unit = "pairs", .rate = " pairs/s"});
  for (int n = 0; n < options.count; ++n) {
    const std::uint64_t i = options.first + static_cast<std::uint64_t>(n);
    if (interrupted()) throw Error(ExitCode::kInterrupted, "Interrupted; {} is not complete.", out.string());
    corpus::PairInfo info;
    maker.make(static_cast<std::uint64_t>(recipe.train.seed), i, noisy, clean, &info);
    const auto save = [&](const char* kind, const std::vector<float>& sound) {
      const std::string name = file_name(i, kind);
      audio::Writer writer(out / name, format, existing);
      writer.write(std::vector<double>(sound.begin(), sound.end()));
      writer.close();
      written.insert(name);
      return name;
    };
    const std::string noisy_name = save("noisy", noisy), clean_name = save("clean", clean);
    list += fmt::format("{},{},{},{:.2f},{:.2f},{},{}\n", i, noisy_name, clean_name, info.snr_db, info.level_dbfs,
                        csv_field(info.speech), csv_field(info.noise));
    progress.add();
  }
  progress.finish();
  write_file(out / kList, list);
  remove_surplus(out, written);
  fmt::print("{} pairs of {:.2f} s: {}/list.csv says what each is made of\n", options.count, length_s, out.string());
  flush_output();
}

}  // namespace

void add_listen(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("listen", "Write what a recipe feeds the network, to hear it");
  command->add_option("RECIPE", options->recipe, "The recipe, for example recipes/small.toml")
      ->required()
      ->type_name("FILE.toml");
  command->add_option("-o,--out", options->out, "Where NNNNN.noisy.wav, NNNNN.clean.wav and list.csv go")
      ->required()
      ->type_name("DIR");
  command->add_option("--corpus", options->corpus, "Folder of `pellucid prepare` (train.corpus)")->type_name("DIR");
  command
      ->add_option("--set", options->settings,
                   "key=value in place of the recipe's, for example --set mix.room_probability=1")
      ->allow_extra_args(false);
  command->add_option("--count", options->count, "How many pairs")->check(number_in(1, 1000000))->capture_default_str();
  command->add_option("--first", options->first, "Number of the first pair: training counts them from 0")
      ->check(whole_64())
      ->capture_default_str();
  command->add_option("--length-s", options->length_s, "Seconds of each; without it the recipe's train.chunk_s")
      ->check(number_in(0.25, 600.0));
  command->add_option("--split", options->split, "Which side of the corpus")
      ->check(CLI::IsMember({"train", "valid"}))
      ->capture_default_str();
  command->add_flag("--force", options->force, "Replace the pairs that are there, all of them");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
