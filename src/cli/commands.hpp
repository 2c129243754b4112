// The subcommands of `pellucid`: each adds itself, its options and what it does to the command line.
//
//   void add_denoise(CLI::App& app) {
//     auto options = std::make_shared<Options>();
//     CLI::App* command = app.add_subcommand("denoise", "Remove the noise from files, folders and pipes");
//     command->add_option("IN", options->inputs, "...")->required();
//     command->callback([options] { run(*options); });
//   }
//
// A callback throws pellucid::Error; main() prints its sentence and ends with its exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::cli {

void add_bench(CLI::App& app);
void add_compress(CLI::App& app);
void add_denoise(CLI::App& app);
void add_distill(CLI::App& app);
void add_eval(CLI::App& app);
void add_export(CLI::App& app);
void add_info(CLI::App& app);
void add_listen(CLI::App& app);
void add_live(CLI::App& app);
void add_mix(CLI::App& app);
void add_pipewire(CLI::App& app);
void add_prepare(CLI::App& app);
void add_quantize(CLI::App& app);
void add_spectrogram(CLI::App& app);

/// Lists `train` and `prune` in the help when the trainer is there.
void add_train(CLI::App& app);
/// Whether the command is one of the trainer's.
bool is_training_command(std::string_view name);
/// Becomes the program `pellucid-train`, which stands beside this one or in ../libexec/pellucid, so that nothing else
/// ever loads LibTorch. `arguments` are the command and those behind it. Throws Error(kTraining) when there is none.
[[noreturn]] void exec_train(const std::vector<std::string>& arguments);
/// The same beside this program; returns when it is done. What it prints goes to standard error. Throws Error with its
/// exit code.
void run_train(const std::vector<std::string>& arguments);

}  // namespace pellucid::cli
