// pellucid denoise: files, folders and pipes.
#include <fmt/format.h>
#include <pellucid/pellucid.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "audio/stream.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/denoise_file.hpp"
#include "cli/denoise_plan.hpp"
#include "cli/denoise_raw.hpp"
#include "cli/exit_codes.hpp"
#include "cli/models.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/progress.hpp"
#include "support/thread_pool.hpp"
#include "support/utf8.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::optional<std::string> output;
  std::string model = kDefaultModel;
  float strength = 1;
  float attenuation_limit_db = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  float post_filter = 0;
  bool adaptive = false;
  bool link_channels = false;
  bool residue = false;
  bool damaged = false;
  int jobs = 0;
  bool json = false;
  bool force = false;
  bool quiet = false;
  bool raw = false;
  RawFormat raw_format;
};

/// What became of a job.
struct Outcome {
  std::optional<DenoiseResult> result;
  ExitCode code = ExitCode::kOk;
  std::string error;
};

// The length of everything, for the bar; 0 where a pipe does not say, or ffmpeg would have to decode it for that. What
// cannot be opened is reported in its turn.
double total_seconds(const DenoisePlan& plan, bool damaged) {
  double seconds = 0;
  for (const DenoiseJob& job : plan.jobs) {
    if (!job.problem.empty()) continue;
    std::error_code error;
    if (!fs::is_regular_file(job.input, error) || audio::has_foreign_extension(job.input)) return 0;
    try {
      const audio::Reader reader(job.input, damaged ? audio::Damage::kTakeTheRest : audio::Damage::kRefuse);
      if (reader.format().frames < 0) return 0;
      seconds += static_cast<double>(reader.format().frames) / reader.format().rate_hz;
    } catch (const Error&) {
      continue;
    }
    stop_if_interrupted();
  }
  return seconds;
}

nlohmann::json summary(const Options& options, const fs::path& model, const DenoisePlan& plan,
                       const std::vector<Outcome>& outcomes, double elapsed_s) {
  nlohmann::json files = nlohmann::json::array();
  double seconds = 0;
  int failed = 0;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    nlohmann::json file = {{"input", valid_utf8(plan.jobs[i].input.string())},
                           {"output", valid_utf8(plan.jobs[i].output.string())}};
    if (const auto& result = outcomes[i].result) {
      seconds += result->seconds();
      file["status"] = "ok";
      file["seconds"] = result->seconds();
      file["samples"] = result->frames;
      file["sample_rate_hz"] = result->rate_hz;
      file["channels"] = result->channels;
      file["damaged"] = result->shortfall.has_value();
      if (result->shortfall && result->shortfall->stated_frames >= 0) {
        file["stated_samples"] = result->shortfall->stated_frames;
      }
      file["repaired_samples"] = result->repaired_samples;
      file["clipped_samples"] = result->clipped_samples;
      file["elapsed_s"] = result->elapsed_s;
    } else {
      ++failed;
      file["status"] = "failed";
      file["error"] = valid_utf8(outcomes[i].error);
      file["exit_code"] = static_cast<int>(outcomes[i].code);
    }
    files.push_back(std::move(file));
  }
  return {{"version", pellucid_version()},
          {"model", valid_utf8(model.string())},
          {"strength", options.strength},
          {"attenuation_limit_db", options.attenuation_limit_db},
          {"post_filter", options.post_filter},
          {"adaptive", options.adaptive},
          {"link_channels", options.link_channels},
          {"residue", options.residue},
          {"files", std::move(files)},
          {"failed", failed},
          {"seconds", seconds},
          {"elapsed_s", elapsed_s},
          {"real_time_factor", elapsed_s > 0 ? seconds / elapsed_s : 0.0}};
}

// Some failures of several are kPartial; where nothing was done, the first says why.
ExitCode exit_code(const std::vector<Outcome>& outcomes) {
  ExitCode code = outcomes.front().code;
  for (const Outcome& outcome : outcomes) {
    if (outcome.code == ExitCode::kInterrupted) return ExitCode::kInterrupted;
    if ((outcome.code == ExitCode::kOk) != (code == ExitCode::kOk)) code = ExitCode::kPartial;
  }
  return code;
}

std::string written(const DenoisePlan& plan, const std::vector<Outcome>& outcomes) {
  if (plan.jobs.size() == 1) return fmt::format("Wrote {}.", plan.jobs.front().output.string());
  const auto good =
      std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.result.has_value(); });
  return fmt::format("Wrote {} file{}.", good, good == 1 ? "" : "s");
}

std::string damage_note(const DenoiseJob& job, const DenoiseResult& result) {
  const std::int64_t stated = result.shortfall->stated_frames;
  return fmt::format(
      "pellucid: {}: is cut short or damaged; what there is, its first {}{} samples ({:.3f} s), was cleaned.",
      job.input == "-" ? "standard input" : job.input.string(), result.frames,
      stated >= 0 ? fmt::format(" of {}", stated) : "", result.seconds());
}

DenoiseSettings settings_of(const Options& options, const fs::path& model_path, std::span<const std::byte> model) {
  return {.model = model,
          .model_path = model_path,
          .strength = options.strength,
          .attenuation_limit_db = options.attenuation_limit_db,
          .post_filter = options.post_filter,
          .adaptive = options.adaptive,
          .link_channels = options.link_channels,
          .residue = options.residue,
          .damaged = options.damaged,
          .replace_existing = options.force};
}

void refuse_terminal() {
  if (!::isatty(STDOUT_FILENO)) return;
  throw Error(ExitCode::kOutput, "Sound is not written to a terminal; name a file with -o or lead it into a pipe.");
}

void run_raw(const Options& options) {
  if (options.inputs != std::vector<std::string>{"-"} || options.output.value_or("-") != "-" || options.json) {
    throw Error(ExitCode::kUsage, "--raw goes from standard input (-) to standard output, without -o and --json.");
  }
  refuse_terminal();
  const fs::path model_path = find_model(options.model);
  const std::vector<std::byte> model = read_model(model_path);
  denoise_raw(STDIN_FILENO, STDOUT_FILENO, options.raw_format, settings_of(options, model_path, model));
}

void run(const Options& options) {
  if (options.raw) {
    run_raw(options);
    return;
  }
  const DenoisePlan plan = plan_denoise(options.inputs, options.output, options.residue);
  const bool to_pipe = plan.jobs.front().output == "-";
  if (to_pipe && options.json) {
    throw Error(ExitCode::kUsage, "--json and the sound cannot both go to standard output; name a file with -o.");
  }
  if (to_pipe) refuse_terminal();
  const fs::path model_path = find_model(options.model);
  const std::vector<std::byte> model = read_model(model_path);
  const DenoiseSettings settings = settings_of(options, model_path, model);
  check_model(settings);
  for (const fs::path& folder : plan.folders) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw Error(ExitCode::kOutput, "{}: cannot be made: {}.", folder.string(), error.message());
  }

  const ProgressStyle style = options.quiet  ? ProgressStyle::kNone
                              : options.json ? ProgressStyle::kJson
                                             : ProgressStyle::kAuto;
  Progress progress({.label = "Denoising",
                     .total = options.quiet ? 0 : total_seconds(plan, options.damaged),
                     .unit = "s",
                     .rate = "x real time",
                     .style = style});
  for (const std::string& note : plan.notes) progress.note("pellucid: " + note);
  std::vector<Outcome> outcomes(plan.jobs.size());
  parallel_for(plan.jobs.size(), options.jobs, [&](std::size_t i) {
    const DenoiseJob& job = plan.jobs[i];
    Outcome& outcome = outcomes[i];
    try {
      stop_if_interrupted();
      if (!job.problem.empty()) throw Error(ExitCode::kInput, "{}", job.problem);
      outcome.result = denoise_file(job, settings, [&](double seconds) { progress.add(seconds); });
      if (outcome.result->shortfall) progress.note(damage_note(job, *outcome.result));
      if (const std::uint64_t repaired = outcome.result->repaired_samples; repaired > 0) {
        progress.note(
            fmt::format("pellucid: {}: {} samples were no numbers (NaN or infinite) and were taken as silence.",
                        job.input.string(), repaired));
      }
      if (const std::uint64_t clipped = outcome.result->clipped_samples; clipped > 0) {
        progress.note(fmt::format(
            "pellucid: {}: {} samples were louder than it can hold and were cut at full scale; a WAV of floats holds "
            "them.",
            job.output.string(), clipped));
      }
    } catch (const Error& error) {
      outcome.code = error.code();
      outcome.error = error.what();
      if (const auto* cut = dynamic_cast<const audio::CutShort*>(&error); cut != nullptr && !options.damaged) {
        outcome.error = cut->problem() + "; get a whole copy, or clean what is there with --damaged.";
      }
      if (plan.jobs.size() > 1 && error.code() != ExitCode::kInterrupted) {
        progress.note(fmt::format("pellucid: {}", outcome.error));
      }
    }
  });
  const ExitCode code = exit_code(outcomes);
  if (code == ExitCode::kOk || plan.jobs.size() > 1) {
    progress.finish();
    if (!options.json && !options.quiet && !to_pipe) progress.note(written(plan, outcomes));
  } else {
    progress.cancel();
  }
  const double elapsed_s = progress.elapsed_s();
  if (options.json) {
    fmt::print("{}\n", summary(options, model_path, plan, outcomes, elapsed_s).dump(2));
  }
  if (code == ExitCode::kOk) return;
  if (plan.jobs.size() == 1 || code == ExitCode::kInterrupted) {
    for (const Outcome& outcome : outcomes) {
      if (outcome.code == code) throw Error(code, outcome.error);
    }
  }
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return !o.result; });
  throw Error(code, "{} of {} files could not be denoised; the reasons stand above.", failed, plan.jobs.size());
}

}  // namespace

void add_denoise(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("denoise", "Remove the noise from files, folders and pipes");
  command
      ->add_option(
          "IN", options->inputs,
          "Sound files, films, folders of sound files, or - for standard input; of two, a second that is not there yet "
          "is the output, a file or a folder as the first is")
      ->required()
      ->type_name("FILE|DIR");
  command
      ->add_option("-o,--output", options->output,
                   "A file, a folder, or - for standard output (WAV); without it NAME.denoised.EXT")
      ->type_name("FILE|DIR");
  command->add_option("--model", options->model, "A model's name or file")->type_name("MODEL")->capture_default_str();
  command->add_option("--strength", options->strength, "0: as it was, 1: as clean as the model can")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command->add_option("--atten-limit-db", options->attenuation_limit_db, "Weaken nothing by more than this many dB")
      ->check(number_from(0));
  command
      ->add_option("--post-filter", options->post_filter,
                   "0: none, 1: weaken what is left of the noise between harmonics")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command->add_flag("--adaptive", options->adaptive, kAdaptiveHelp);
  command->add_flag("--link-channels", options->link_channels,
                    "Treat all channels alike, so that a stereo picture stays where it is");
  command->add_flag("--residue", options->residue, "Write what is removed instead of what is left");
  command->add_flag("--damaged", options->damaged,
                    "Clean what there is of a file that is cut short or damaged, in place of refusing it");
  command->add_option("--jobs", options->jobs, "Files at a time (0: one a core)")->check(number_in(0, 1024));
  command->add_flag("--json", options->json, "A summary in JSON on standard output, progress in JSON lines");
  command->add_flag("--force", options->force, "Replace outputs that exist");
  command->add_flag("--quiet", options->quiet, "No progress");
  command->add_flag("--raw", options->raw, "Samples without a header from standard input to standard output, at once");
  command->add_option("--rate", options->raw_format.rate_hz, "Of --raw: sample rate in Hz")
      ->check(number_in(PELLUCID_MIN_SAMPLE_RATE_HZ, PELLUCID_MAX_SAMPLE_RATE_HZ))
      ->capture_default_str()
      ->needs("--raw");
  command->add_option("--channels", options->raw_format.channels, "Of --raw: channels, interleaved")
      ->check(number_in(1, PELLUCID_MAX_CHANNELS))
      ->capture_default_str()
      ->needs("--raw");
  static const std::map<std::string, audio::Pcm> kSampleFormats = {
      {"s16", audio::Pcm::kS16}, {"s24", audio::Pcm::kS24}, {"s32", audio::Pcm::kS32}, {"f32", audio::Pcm::kF32}};
  command->add_option("--format", options->raw_format.pcm, "Of --raw: s16 (default), s24, s32 or f32, little-endian")
      ->transform(one_of(kSampleFormats))
      ->type_name("FORMAT")
      ->needs("--raw");
  command->footer(
      std::string(
          "Container, sample format, rate, channels, length and timing stay as they are; the ending of -o may choose\n"
          "another container. ADPCM and GSM become 16-bit PCM: their blocks cannot hold an exact length.\n"
          "A WAV beyond 4 GiB becomes RF64; AIFF, and WAV from a stream without a length, are refused there.\n"
          "Of a film the first sound track is cleaned, the rest is copied; that and M4A need the program ffmpeg.\n"
          "ALAC, PCM and FLAC in them stay lossless; a rate that AAC or Opus lacks is refused.\n"
          "An output appears when it is complete. Samples that are NaN or infinite are taken as silence and "
          "reported.\n\n") +
      kExitCodes);
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
