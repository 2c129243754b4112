// `pellucid adapt --model small --noise DIR -o FILE`: a shipped model tuned to a user's own noise.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/checks.hpp"
#include "cli/models.hpp"
#include "cli/train_commands.hpp"
#include "support/error.hpp"
#include "training/adapt.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

// A folder of recordings that comes with Pellucid: installed, or in the source tree.
fs::path shipped(const std::string& name, const char* option) {
  for (const char* below : {"../../share/pellucid", "../share/pellucid", "../../recipes"}) {
    const fs::path folder = (program_folder() / below / name).lexically_normal();
    if (fs::is_directory(folder)) return folder;
  }
  throw Error(ExitCode::kInput,
              "{}: none was given, and the recordings that come with Pellucid are not installed; name "
              "a folder of recordings",
              option);
}

nlohmann::ordered_json describe(const training::Scores& before, const training::Scores& after) {
  return {{"si_sdr_db", {before.si_sdr_db, after.si_sdr_db}},
          {"stoi", {before.stoi, after.stoi}},
          {"pesq", {before.pesq, after.pesq}},
          {"noisy_si_sdr_db", before.noisy_si_sdr_db},
          {"noisy_stoi", before.noisy_stoi}};
}

}  // namespace

int run_adapt(int argc, char** argv) {
  CLI::App app{
      "Tunes a model to your own noise: a factory, a car, a radio channel. It goes on training on speech with your "
      "recordings, and keeps what it can do with other noise.",
      "pellucid adapt"};
  training::AdaptOptions options;
  std::string model = "small";  // of which minutes pass four times the sound that they pass of the default
  bool json = false, force = false;
  app.add_option("--model", model, "A float model's name or file")->capture_default_str();
  app.add_option("--noise", options.noise, "Files or folders of your noise without speech, a few minutes")
      ->required()
      ->type_name("DIR");
  app.add_option(
         "--speech", options.speech,
         "Folders of clean speech, a folder a speaker; those named unheard-.. are not trained with but measure the "
         "gain; without it, the readings that come with Pellucid")
      ->type_name("DIR");
  app.add_option("--others", options.others,
                 "Folders of noises to stay good at; without it, those that come with Pellucid")
      ->type_name("DIR");
  app.add_option("--minutes", options.minutes, "How long to train, about")
      ->check(number_in(0.01, 100000.0))
      ->capture_default_str();
  app.add_option("-o,--out", options.out, "The tuned model")->required()->type_name("FILE.safetensors");
  app.add_option("--seed", options.seed, "Another seed holds back other stretches")
      ->check(number_in(0, 2147483647))
      ->capture_default_str();
  app.add_option("--set", options.settings,
                 "key=value in place of the recipe's that the model was trained by, for example "
                 "--set mix.lowpass_probability=0.9 for a radio channel")
      ->allow_extra_args(false);
  app.add_flag("--force", force, "Replace a file that is there");
  app.add_flag("--json", json, "Progress as JSON lines, the result on standard output");
  if (const auto code = parse(app, argc, argv)) return *code;
  if (!force && fs::exists(options.out))
    throw Error(ExitCode::kOutput, "{}: exists already; add --force to replace it, or name another file",
                options.out.string());
  options.model = find_model(model);
  if (options.speech.empty()) options.speech = {shipped("speech", "--speech")};
  if (options.others.empty()) options.others = {shipped("noise", "--others")};
  const training::AdaptResult r = training::adapt(options, json ? ProgressStyle::kJson : ProgressStyle::kAuto);
  if (json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"model", options.out.string()},
                                              {"noise_s", r.noise_s},
                                              {"steps", r.steps},
                                              {"share", r.share},
                                              {"own", describe(r.own_before, r.own_after)},
                                              {"others", describe(r.others_before, r.others_after)}}
                           .dump());
    return 0;
  }
  fmt::print("{:<26}{:>12}{:>12}{:>12}\n", "", "noisy", "before", "after");
  const auto rows = [](const char* title, const training::Scores& before, const training::Scores& after) {
    fmt::print("{:<26}{:>12.2f}{:>12.2f}{:>12.2f}\n", fmt::format("{}: SI-SDR, dB", title), before.noisy_si_sdr_db,
               before.si_sdr_db, after.si_sdr_db);
    fmt::print("{:<26}{:>12.4f}{:>12.4f}{:>12.4f}\n", fmt::format("{}: STOI", title), before.noisy_stoi, before.stoi,
               after.stoi);
    if (before.pesq > 0)  // not below 16 kHz
      fmt::print("{:<26}{:>12}{:>12.2f}{:>12.2f}\n", fmt::format("{}: PESQ", title), "", before.pesq, after.pesq);
  };
  rows("your noise, held back", r.own_before, r.own_after);
  rows("other noise", r.others_before, r.others_after);
  fmt::print("{}: {} steps on {:.0f} s of noise, {:.0f} % of the difference\n", options.out.string(), r.steps,
             r.noise_s, 100 * r.share);
  return 0;
}

}  // namespace pellucid::cli
