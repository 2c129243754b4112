// pellucid pipewire install|status|remove: a microphone without noise for every program.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/models.hpp"
#include "cli/pipewire_config.hpp"
#include "support/atomic_file.hpp"
#include "support/error.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string action;
  PipewireMicrophone microphone;
  bool json = false;
};

constexpr const char* kRestart = "systemctl --user restart pipewire";

fs::path config_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  fs::path folder;
  if (config != nullptr && *config == '/') {
    folder = config;
  } else if (home != nullptr && *home != '\0') {
    folder = fs::path(home) / ".config";
  } else {
    throw Error(ExitCode::kOutput,
                "Neither HOME nor XDG_CONFIG_HOME is set, so there is no place for a configuration.");
  }
  return folder / "pipewire/pipewire.conf.d/pellucid.conf";
}

/// Where the plugin is beside this program as it is built, and as it is installed.
std::array<fs::path, 2> plugin_places() {
  const fs::path here = program_folder();
  return {here / PELLUCID_BUILT_LADSPA "/pellucid.so",
          (here / PELLUCID_INSTALLED_LADSPA "/pellucid.so").lexically_normal()};
}

std::optional<fs::path> find_plugin() {
  for (const fs::path& place : plugin_places()) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) return place;
  }
  return std::nullopt;
}

enum class Installed { kNo, kOurs, kForeign };

/// The plugin's control "Model" counts through them.
const std::map<std::string, int> kModels = {{"default", 0}, {"nano", 1}, {"small", 2}, {"base", 3}, {"large", 4}};

Installed installed(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(file, error))) return Installed::kNo;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return is_pipewire_config(text) ? Installed::kOurs : Installed::kForeign;
}

void refuse_foreign(const fs::path& file) {
  if (installed(file) != Installed::kForeign) return;
  throw Error(ExitCode::kOutput, "{}: was not written by this command and is left alone; move it away first.",
              file.string());
}

void install(const Options& options) {
  const fs::path file = config_file();
  refuse_foreign(file);
  PipewireMicrophone microphone = options.microphone;
  for (const auto& [name, number] : kModels) {
    if (number == microphone.model && number > 0) (void)find_model(name);  // the plugin would pass the sound unchanged
  }
  const auto plugin = find_plugin();
  if (!plugin) {
    throw Error(ExitCode::kInput,
                "The LADSPA plugin is neither {} nor {}; install the package pellucid-plugins, or ladspa-sdk and build "
                "again.",
                plugin_places()[0].string(), plugin_places()[1].string());
  }
  microphone.plugin = *plugin;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) throw Error(ExitCode::kOutput, "{}: cannot be made: {}.", file.parent_path().string(), error.message());
  write_file(file, pipewire_config(microphone));
  fmt::print("Wrote {}.\nPipeWire offers \"Pellucid microphone\" once it is started again: {}\n", file.string(),
             kRestart);
}

void uninstall(const fs::path& file) {
  refuse_foreign(file);
  if (installed(file) == Installed::kNo) {
    fmt::print("There is nothing to remove: {} does not exist.\n", file.string());
    return;
  }
  std::error_code error;
  fs::remove(file, error);
  if (error) throw Error(ExitCode::kOutput, "{}: cannot be removed: {}.", file.string(), error.message());
  fmt::print("Removed {}.\nPipeWire forgets it once it is started again: {}\n", file.string(), kRestart);
}

/// Whether the running PipeWire has the node; none where nobody answers.
std::optional<bool> offered() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen("pw-cli ls Node 2>/dev/null", "r"), ::pclose);
  if (!pipe) return std::nullopt;
  std::string said;
  std::array<char, 4096> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe.get())) said.append(block.data(), got);
  if (said.empty()) return std::nullopt;
  return said.find(fmt::format("node.name = \"{}\"", kPipewireNode)) != std::string::npos;
}

void status(const fs::path& file, bool json) {
  const Installed state = installed(file);
  const auto plugin = find_plugin();
  const auto running = offered();
  if (json) {
    fmt::print("{{\"file\": {}, \"installed\": {}, \"foreign\": {}, \"plugin\": {}, \"offered\": {}}}\n",
               json_string(file.string()), state == Installed::kOurs, state == Installed::kForeign,
               plugin ? json_string(plugin->string()) : "null", running ? (*running ? "true" : "false") : "null");
    return;
  }
  fmt::print("configuration  {}: {}\n", file.string(),
             state == Installed::kOurs ? "installed"
             : state == Installed::kNo ? "not installed"
                                       : "there, but not written by this command");
  fmt::print("plugin         {}\n", plugin ? plugin->string() : "not there");
  fmt::print("PipeWire       {}\n", !running                    ? "does not answer (is it running, is pw-cli there?)"
                                    : *running                  ? "offers \"Pellucid microphone\""
                                    : state == Installed::kOurs ? fmt::format("does not offer it yet: {}", kRestart)
                                                                : "does not offer it");
}

void run(const Options& options) {
  if (options.action == "install") {
    install(options);
  } else if (options.action == "remove") {
    uninstall(config_file());
  } else {
    status(config_file(), options.json);
  }
}

}  // namespace

void add_pipewire(CLI::App& app) {
  auto options = std::make_shared<Options>();
  PipewireMicrophone& microphone = options->microphone;
  CLI::App* command = app.add_subcommand("pipewire", "Offer a microphone without noise to every program (PipeWire)");
  command->add_option("ACTION", options->action, "install, status or remove")
      ->required()
      ->check(CLI::IsMember({"install", "status", "remove"}));
  command->add_option("--microphone", microphone.source,
                      "The node to clean (pw-cli ls Node); default: the default one");
  command->add_flag("--stereo", microphone.stereo, "Two linked channels instead of one");
  command->add_option("--strength", microphone.strength, "0: as it was, 1: as clean as the model can")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command->add_option("--atten-limit-db", microphone.attenuation_limit_db, "Weaken nothing by more than this many dB")
      ->check(number_in(0.0f, 100.0f));
  command->add_option("--post-filter", microphone.post_filter, "0: none, 1: weaken what is left of the noise")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command->add_flag("--adaptive", microphone.adaptive, kAdaptiveHelp);
  command->add_option("--model", microphone.model, "default, nano, small, base or large")
      ->transform(one_of(kModels))
      ->type_name("NAME");
  command->add_flag("--json", options->json, "status in JSON");
  command->footer(
      std::string(
          "install writes pipewire.conf.d/pellucid.conf below the user's configuration folder; it replaces and remove\n"
          "deletes only what install wrote. PipeWire reads it when it starts: systemctl --user restart pipewire\n\n") +
      kExitCodes);
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
