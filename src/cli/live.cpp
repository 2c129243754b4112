// pellucid live: a microphone, denoised, to headphones or another device.
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/live_run.hpp"
#include "cli/models.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"

namespace pellucid::cli {
namespace {

struct Options : LiveOptions {
  bool list = false;
  std::string model = kDefaultModel;
};

/// Keys without Enter and without an echo, where standard input is a terminal; as it was at the end.
class Keyboard {
 public:
  Keyboard() {
    // In the background a terminal is somebody else's: to touch it would stop the program.
    if (!::isatty(STDIN_FILENO) || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios bare = before_;
    bare.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    active_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &bare) == 0;
    if (active_) std::at_quick_exit(restore);  // how the program ends when a sound server has died
  }
  ~Keyboard() {
    if (active_) restore();
  }
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  Key wait() {
    constexpr int kWaitMs = 100;
    if (!active_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kWaitMs));
      return Key::kNone;
    }
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (::poll(&ready, 1, kWaitMs) <= 0) return Key::kNone;
    char typed[32];
    const ssize_t got = ::read(STDIN_FILENO, typed, sizeof typed);
    return got > 0 ? key_of({typed, static_cast<std::size_t>(got)}) : Key::kQuit;
  }

 private:
  static void restore() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }
  static inline termios before_{};
  bool active_ = false;
};

void run(Options options) {
#ifndef PELLUCID_HAS_PORTAUDIO
  throw Error(ExitCode::kDevice,
              "This program was built without PortAudio; install portaudio19-dev, then build again.");
#else
  const std::unique_ptr<SoundSystem> system = open_portaudio();
  if (options.list) {
    fmt::print("{}", list_devices(system->devices(), options.json));
    return;
  }
  const std::filesystem::path model_path = find_model(options.model);
  const std::vector<std::byte> model = read_model(model_path);
  options.settings.model = model;
  options.settings.model_name = model_path.string();

  Keyboard keyboard;
  const bool terminal = ::isatty(STDOUT_FILENO) != 0 && !options.json;
  bool shown = false;
  LiveConsole console;
  console.key = [&] { return keyboard.wait(); };
  console.print = [&](const std::string& line) {
    fmt::print("{}{}\n", shown ? "\n" : "", line);
    shown = false;
    if (std::fflush(stdout) != 0) throw Error(ExitCode::kOutput, "Standard output cannot be written.");
  };
  if (terminal) {
    console.show = [&](const std::string& line) {
      fmt::print("\r{}\x1b[K", line);
      std::fflush(stdout);
      shown = true;
    };
  }
  console.stopped = [] { return interrupted(); };
  try {
    run_live(options, *system, console);
  } catch (const Error&) {
    if (shown) fmt::print("\n");
    throw;
  }
#endif
}

}  // namespace

void add_live(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("live", "Clean a microphone while it plays, with meters and keys");
  command->add_flag("--list", options->list, "List the sound devices and end");
  command->add_option("--input", options->input, "A microphone: its number, its name or a part of it");
  command->add_option("--output", options->output, "What plays: its number, its name or a part of it");
  command->add_option("--rate", options->rate_hz, "Sample rate in Hz; the input device's own without it")
      ->check(number_in(PELLUCID_MIN_SAMPLE_RATE_HZ, PELLUCID_MAX_SAMPLE_RATE_HZ));
  command->add_option("--channels", options->settings.channels, "Of the input; two are linked")
      ->check(number_in(1, 2))
      ->capture_default_str();
  command->add_option("--block", options->block_frames, "Frames a block; fewer are quicker and need a quicker device")
      ->capture_default_str()
      ->check(number_in(1, 8192));
  command->add_option("--model", options->model, "A model's name or file")->type_name("MODEL")->capture_default_str();
  command->add_option("--strength", options->settings.strength, "0: as it was, 1: as clean as the model can")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command
      ->add_option("--atten-limit-db", options->settings.attenuation_limit_db,
                   "Weaken nothing by more than this many dB")
      ->check(number_from(0));
  command->add_option("--post-filter", options->settings.post_filter, "0: none, 1: weaken what is left of the noise")
      ->check(number_in(0.0f, 1.0f))
      ->capture_default_str();
  command->add_flag("--adaptive", options->settings.adaptive, kAdaptiveHelp);
  command->add_option("--seconds", options->seconds, "End after so much sound")->check(number_from(0));
  command->add_flag("--json", options->json, "JSON lines instead of meters; with --list a JSON array");
  command->footer(
      std::string(
          "Keys: + and - (or arrows) strength, b bypass, q end. Ctrl-C ends it too, with exit code 0.\n"
          "Meters: level in and out, whether somebody speaks, speech over noise, noise, dropouts, load of the audio "
          "thread.\n\n") +
      kExitCodes);
  command->callback([options] { run(*options); });
}

}  // namespace pellucid::cli
