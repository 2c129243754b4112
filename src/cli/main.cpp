// `pellucid`: the subcommands, and at the edge one sentence and one exit code for every error.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/complete.hpp"
#include "cli/edge.hpp"
#include "cli/exit_codes.hpp"
#include "support/error.hpp"
#include "support/nearest.hpp"

namespace pellucid::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// CLI11 names what is wrong; what is nearest to it is added here.
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  const CLI::App& command = parsed.empty() ? app : *parsed.front();
  const std::string help = parsed.empty() ? "pellucid --help" : "pellucid " + command.get_name() + " --help";
  std::vector<std::string> extras = command.remaining();
  if (extras.empty()) extras = app.remaining(true);
  const auto unknown = std::find_if(extras.begin(), extras.end(),
                                    [&](const std::string& text) { return parsed.empty() || text.rfind("-", 0) == 0; });
  if (unknown != extras.end()) {
    const bool is_option = unknown->rfind("-", 0) == 0;
    const std::string word = unknown->substr(0, unknown->find('='));
    const std::vector<std::string> valid = is_option ? option_names(command) : command_names(app);
    if (!parsed.empty() && std::find(valid.begin(), valid.end(), word) != valid.end())
      return fmt::format("Option '{0}' stands before its command; write 'pellucid {1} {0} ..'. See '{2}'.", word,
                         command.get_name(), help);
    if (is_option && word.rfind("--", 0) != 0 && std::filesystem::exists(word))
      return fmt::format("'{0}' begins as an option does; for the file of this name write './{0}'. See '{1}'.", word,
                         help);
    return fmt::format("Unknown {} '{}'; {} See '{}'.", is_option ? "option" : "command", word,
                       without_end(did_you_mean(word, valid)) + (nearest(word, valid) ? "" : "."), help);
  }
  if (parsed.empty()) {
    return fmt::format("Name a command; {} See '{}'.", did_you_mean("", command_names(app)) + ".", help);
  }
  return fmt::format("{}; see '{}'.", without_end(error.what()), help);
}

int run(int argc, char** argv) {
  if (argc > 1 && is_training_command(argv[1])) exec_train({argv + 1, argv + argc});
  CLI::App app{"Pellucid removes noise from speech.", "pellucid"};
  app.set_version_flag("--version", "pellucid " PELLUCID_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  add_bench(app);
  add_compress(app);
  add_denoise(app);
  add_distill(app);
  add_eval(app);
  add_export(app);
  add_info(app);
  add_listen(app);
  add_live(app);
  add_mix(app);
  add_pipewire(app);
  add_prepare(app);
  add_quantize(app);
  add_spectrogram(app);
  add_train(app);
  if (argc > 2 && std::string_view(argv[1]) == "complete" && std::string_view(argv[2]) == "--") {
    complete(app, {argv + 3, argv + argc});
    return static_cast<int>(ExitCode::kOk);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return report(ExitCode::kUsage, usage_sentence(app, error));
  }
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace
}  // namespace pellucid::cli

int main(int argc, char** argv) {
  return pellucid::cli::guard([&] { return pellucid::cli::run(argc, argv); }, "try fewer --jobs");
}
