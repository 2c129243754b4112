// pellucid spectrogram: one or two files as a picture.
#include "metrics/spectrogram.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audio/sound.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/edge.hpp"
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

/// A file as a panel that reads it on the way.
class Source {
 public:
  Source(const std::string& input, const audio::LoadOptions& load) : input_(input), load_(load), stream_(input, load) {
    if (stream_.frames()) {
      frames_ = static_cast<std::uint64_t>(*stream_.frames());
      return;
    }
    // The width of a column needs the length, which a pipe tells at its end.
    held_ = stream_.read_all();
    frames_ = held_->size();
  }

  metrics::StreamedPanel panel(const std::string& title) {
    read_ = 0;
    return {frames_, [this] { return next(); }, stream_.rate_hz(), title, fmt::format("{} Hz", stream_.rate_hz())};
  }

  /// True when the file, read to its end, was shorter than it states, as MP3 files may be: it is drawn again, then.
  bool mistaken() {
    if (read_ == frames_ || held_) return false;
    frames_ = read_;
    return true;
  }
  void rewind() {
    if (!held_) stream_ = audio::SoundStream(input_, load_);
  }

 private:
  std::span<const float> next() {
    if (held_) return held_->values().subspan(std::exchange(read_, frames_));
    stream_.read(block_);
    read_ += block_.size();
    return block_;
  }

  std::string input_;
  audio::LoadOptions load_;
  audio::SoundStream stream_;
  std::vector<float> block_;
  std::optional<Spilled<float>> held_;
  std::uint64_t frames_ = 0, read_ = 0;
};

metrics::Image draw(const Options& options) {
  audio::LoadOptions load;
  load.offset_s = options.offset_s;
  if (options.duration_s > 0) load.duration_s = options.duration_s;
  std::vector<Source> sources;
  sources.reserve(options.inputs.size());
  for (const std::string& input : options.inputs) sources.emplace_back(input, load);
  for (;;) {
    std::vector<metrics::StreamedPanel> panels;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const std::string name = std::filesystem::path(options.inputs[i]).filename().string();
      panels.push_back(sources[i].panel(i < options.titles.size() ? options.titles[i] : name));
    }
    metrics::Image image = metrics::draw_streamed(panels, options.picture);
    bool again = false;
    for (Source& source : sources) again = source.mistaken() || again;
    if (!again) return image;
    for (Source& source : sources) source.rewind();
  }
}

void run(const Options& options) {
  if (options.inputs.size() > 2) {
    throw Error(ExitCode::kUsage, "IN: found {} files, expected one or two.", options.inputs.size());
  }
  if (options.titles.size() > options.inputs.size()) {
    throw Error(ExitCode::kUsage, "--title: found {} titles for {} files; give at most one a file.",
                options.titles.size(), options.inputs.size());
  }
  AtomicFile out(options.out, options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  const std::vector<std::uint8_t> png = draw(options).png();
  out.write(png.data(), png.size());
  out.commit();
  fmt::print("{}\n", options.out);
  flush_output();
}

}  // namespace

void add_spectrogram(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("spectrogram", "Draw one file, or two under one another, as a labelled PNG picture");
  command->add_option("IN", options->inputs, "One or two sound files; several channels are averaged")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--out", options->out, "The picture")
      ->required()
      ->type_name("FILE.png")
      ->check(ends_in(".png"));
  command->add_option("--title", options->titles, "Titles in place of the files' names; once a file")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)  // or it takes the file behind it for a second one
      ->type_name("TEXT");
  command->add_option("--offset", options->offset_s, "Start here, in seconds")->check(number_from(0));
  command->add_option("--duration", options->duration_s, "Draw this many seconds")->check(number_above(0));
  command->add_option("--width", options->picture.width, "Pixels across")
      ->check(number_in(400, 10000))
      ->capture_default_str();
  command->add_option("--height", options->picture.panel_height, "Pixels of one spectrogram")
      ->check(number_in(60, 4000))
      ->capture_default_str();
  command->add_option("--range-db", options->picture.range_db, "From the lightest colour to the darkest")
      ->check(number_in(10.0, 200.0))
      ->capture_default_str();
  command->add_flag("--force", options->force, "Replace a picture that is there");
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
