// `pellucid live` between a sound system and a person: which devices, what is shown, which keys.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/live_session.hpp"

namespace pellucid::cli {

struct LiveOptions {
  std::string input, output;  ///< a device's number, its name or a part of it; empty: the default
  std::optional<double> rate_hz;
  unsigned long block_frames = 1024;  ///< what PipeWire hands over; left to choose, its ALSA part starves
  double seconds = 0;                 ///< 0: until it is stopped
  bool json = false;
  LiveSettings settings;  ///< rate and output channels are found here
};

enum class Key { kNone, kMore, kLess, kBypass, kQuit };

/// What somebody typed: + or up, - or down, b or space, q; the last that means something.
Key key_of(std::string_view typed);

/// How run_live talks to a person or a program.
struct LiveConsole {
  /// Waits a tenth of a second or for a key.
  std::function<Key()> key;
  /// Prints a line.
  std::function<void(const std::string& line)> print;
  /// Shows the state in place of the one before; empty where there is no terminal.
  std::function<void(const std::string& line)> show;
  /// True once it is to end (Ctrl-C).
  std::function<bool()> stopped;
};

/// The place of the device that `wanted` names. Throws Error(kDevice) when there is none, Error(kUsage) when several
/// fit.
std::size_t choose_device(const std::vector<SoundDevice>& devices, const std::string& wanted, bool input);

/// A table of devices, or a JSON array of them.
std::string list_devices(const std::vector<SoundDevice>& devices, bool json);

/// Runs until the time is up, the console stops it, or Error(kDevice): the device would not, or went away.
void run_live(const LiveOptions& options, SoundSystem& system, const LiveConsole& console);

}  // namespace pellucid::cli
