// pellucid spectrogram: one or two files as a picture.
#include "metrics/spectrogram.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "audio/sound.hpp"
#include "cli/commands.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

struct Options {
  std::vector<std::string> inputs, titles;
  std::string out;
  double offset_s = 0, duration_s = 0;
  metrics::PictureOptions picture;
  bool force = false;
};

void run(const Options& options) {
  if (options.titles.size() > options.inputs.size()) {
    throw Error(ExitCode::kUsage, "--title: found {} titles for {} files; give at most one a file.",
                options.titles.size(), options.inputs.size());
  }
  AtomicFile out(options.out, options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  std::vector<audio::Sound> sounds;
  std::vector<metrics::SpectrogramPanel> panels;
  for (const std::string& input : options.inputs) {
    audio::LoadOptions load;
    load.offset_s = options.offset_s;
    if (options.duration_s > 0) load.duration_s = options.duration_s;
    sounds.push_back(audio::load(input, load));
  }
  for (std::size_t i = 0; i < sounds.size(); ++i) {
    const std::string title =
        i < options.titles.size() ? options.titles[i] : std::filesystem::path(options.inputs[i]).filename().string();
    panels.push_back({sounds[i].samples, sounds[i].rate_hz, title, fmt::format("{} Hz", sounds[i].rate_hz)});
  }
  const std::vector<std::uint8_t> png = metrics::draw_spectrograms(panels, options.picture).png();
  out.write(png.data(), png.size());
  out.commit();
  fmt::print("{}\n", options.out);
  std::fflush(stdout);
}

}  // namespace

void add_spectrogram(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("spectrogram", "Draw one file, or two under one another, as a labelled PNG picture");
  command->add_option("IN", options->inputs, "One or two sound files; several channels are averaged")
      ->required()
      ->expected(1, 2)
      ->type_name("FILE");
  command->add_option("-o,--out", options->out, "The picture")->required()->type_name("FILE.png");
  command->add_option("--title", options->titles, "Titles in place of the files' names; once a file")
      ->expected(1)
      ->take_all()
      ->type_name("TEXT");
  command->add_option("--offset", options->offset_s, "Start here, in seconds")->check(CLI::NonNegativeNumber);
  command->add_option("--duration", options->duration_s, "Draw this many seconds")->check(CLI::PositiveNumber);
  command->add_option("--width", options->picture.width, "Pixels across")
      ->check(CLI::Range(400, 10000))
      ->capture_default_str();
  command->add_option("--height", options->picture.panel_height, "Pixels of one spectrogram")
      ->check(CLI::Range(60, 4000))
      ->capture_default_str();
  command->add_option("--range-db", options->picture.range_db, "From the lightest colour to the darkest")
      ->check(CLI::Range(10.0, 200.0))
      ->capture_default_str();
  command->add_flag("--force", options->force, "Replace a picture that is there");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
