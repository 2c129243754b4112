#include "cli/live_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>

#include "support/error.hpp"
#include "support/progress.hpp"

namespace pellucid::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr float kStrengthStep = 0.05f;
constexpr double kSilentDeviceS = 3;  // a device that calls for no block so long has gone
constexpr double kLogIntervalS = 10;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool fits(const SoundDevice& device, bool input) { return (input ? device.inputs : device.outputs) > 0; }

// -60 … 0 dBFS in eight steps.
std::string bar(float dbfs) {
  const auto full = static_cast<std::size_t>(std::clamp((dbfs + 60) / 7.5f, 0.0f, 8.0f));
  return std::string(full, '#') + std::string(8 - full, '.');
}

// At most 80 columns, as long as all goes well.
std::string meters(const LiveSession& session) {
  const pellucid_status now = session.status();
  return fmt::format("in {} {:4.0f} out {} {:4.0f} dB  voice {}  SNR {:3.0f}  noise {:4.0f}  {}{}", bar(now.input_dbfs),
                     now.input_dbfs, bar(now.output_dbfs), now.output_dbfs, now.voice_active != 0 ? "yes" : "no ",
                     now.snr_db, now.noise_dbfs,
                     session.bypass() ? "BYPASS" : fmt::format("{:3.0f} %", 100 * session.strength()),
                     session.dropouts() > 0 ? fmt::format("  {} dropouts", session.dropouts()) : "");
}

std::string json_line(const LiveSession& session, const SoundStream& stream, double seconds, const char* event) {
  const pellucid_status now = session.status();
  return fmt::format(
      "{{\"event\": \"{}\", \"seconds\": {:.3f}, \"input_dbfs\": {:.1f}, \"output_dbfs\": {:.1f}, \"noise_dbfs\": "
      "{:.1f}, "
      "\"snr_db\": {:.1f}, \"voice_probability\": {:.3f}, \"voice_active\": {}, \"strength\": {:.2f}, \"bypass\": {}, "
      "\"dropouts\": {}, \"load\": {:.3f}}}",
      event, seconds, now.input_dbfs, now.output_dbfs, now.noise_dbfs, now.snr_db, now.voice_probability,
      now.voice_active != 0, session.strength(), session.bypass(), session.dropouts(), stream.load());
}

std::string start_line(const LiveOptions& options, const LiveSettings& settings, const std::string& input,
                       const std::string& output, double engine_s, double device_s) {
  if (options.json) {
    return fmt::format(
        "{{\"event\": \"start\", \"input\": {}, \"output\": {}, \"sample_rate_hz\": {}, \"channels\": {}, "
        "\"engine_latency_ms\": {:.2f}, \"device_latency_ms\": {:.2f}}}",
        json_string(input), json_string(output), settings.rate_hz, settings.channels, 1e3 * engine_s, 1e3 * device_s);
  }
  return fmt::format(
      "{} -> {}, {} Hz. Delay {:.0f} ms: {:.0f} of the network, {:.0f} of the devices.\n"
      "Keys: + - strength, b bypass, q end. Use headphones: a loudspeaker would feed the microphone.",
      input, output, settings.rate_hz, 1e3 * (engine_s + device_s), 1e3 * engine_s, 1e3 * device_s);
}

void obey(Key key, LiveSession& session) {
  if (key == Key::kMore) session.set_strength(session.strength() + kStrengthStep);
  if (key == Key::kLess) session.set_strength(session.strength() - kStrengthStep);
  if (key == Key::kBypass) session.set_bypass(!session.bypass());
}

}  // namespace

Key key_of(std::string_view typed) {
  Key key = Key::kNone;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    const std::string_view rest = typed.substr(i);
    if (rest.substr(0, 3) == "\x1b[A" || typed[i] == '+' || typed[i] == '=') key = Key::kMore;
    if (rest.substr(0, 3) == "\x1b[B" || typed[i] == '-') key = Key::kLess;
    if (typed[i] == 'b' || typed[i] == ' ') key = Key::kBypass;
    if (typed[i] == 'q') return Key::kQuit;
    if (typed[i] == '\x1b') i += 2;
  }
  return key;
}

std::size_t choose_device(const std::vector<SoundDevice>& devices, const std::string& wanted, bool input) {
  const char* kind = input ? "input" : "output";
  std::vector<std::size_t> found;
  const bool number = !wanted.empty() && wanted.size() < 6 &&
                      std::all_of(wanted.begin(), wanted.end(), [](char c) { return c >= '0' && c <= '9'; });
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const SoundDevice& device = devices[i];
    if (!fits(device, input)) continue;
    if (wanted.empty() && (input ? device.default_input : device.default_output)) return i;
    if (device.name == wanted || (number && std::stoul(wanted) == i)) return i;
    if (number && std::stoul(wanted) < devices.size()) continue;  // of a device that cannot: no other by its name
    if (wanted.empty() || lower(device.name).find(lower(wanted)) != std::string::npos) found.push_back(i);
  }
  if (found.empty() && wanted.empty()) {
    throw Error(
        ExitCode::kDevice,
        "There is no sound {} device that can be opened: none is plugged in, another program has it, or its use is "
        "not permitted (is the user in the group 'audio'?).",
        kind);
  }
  if (found.empty()) {
    throw Error(ExitCode::kDevice,
                "There is no sound {} device '{}' that can be opened; 'pellucid live --list' has those that can.", kind,
                wanted);
  }
  if (found.size() > 1 && !wanted.empty()) {
    std::string names;
    for (const std::size_t i : found) names += fmt::format("{}{} '{}'", names.empty() ? "" : ", ", i, devices[i].name);
    throw Error(ExitCode::kUsage, "Several sound {} devices are called '{}': {}; give a number.", kind, wanted, names);
  }
  return found.front();
}

std::string list_devices(const std::vector<SoundDevice>& devices, bool json) {
  if (devices.empty() && !json) return "There is no sound device that can be opened.\n";
  std::string text = json ? "[" : "  #   in  out      Hz  device\n";
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const SoundDevice& d = devices[i];
    if (json) {
      text += fmt::format(
          "{}\n  {{\"number\": {}, \"name\": {}, \"system\": {}, \"inputs\": {}, \"outputs\": {}, "
          "\"sample_rate_hz\": {:.0f}, \"default_input\": {}, \"default_output\": {}}}",
          i == 0 ? "" : ",", i, json_string(d.name), json_string(d.system), d.inputs, d.outputs, d.rate_hz,
          d.default_input, d.default_output);
    } else {
      text +=
          fmt::format("{:3}  {:3}  {:3}  {:6.0f}  {} ({}){}{}\n", i, d.inputs, d.outputs, d.rate_hz, d.name, d.system,
                      d.default_input ? " [default input]" : "", d.default_output ? " [default output]" : "");
    }
  }
  return json ? text + "\n]\n" : text;
}

void run_live(const LiveOptions& options, SoundSystem& system, const LiveConsole& console) {
  const std::vector<SoundDevice> devices = system.devices();
  StreamRequest request;
  request.input = choose_device(devices, options.input, true);
  request.output = choose_device(devices, options.output, false);
  const std::string input = devices[request.input].name, output = devices[request.output].name;
  LiveSettings settings = options.settings;
  request.rate_hz = options.rate_hz.value_or(devices[request.input].rate_hz);
  request.block_frames = options.block_frames;
  request.input_channels = settings.channels;
  // Many devices do not play one channel.
  request.output_channels = std::max(settings.channels, std::min(2, devices[request.output].outputs));
  settings.rate_hz = static_cast<std::uint32_t>(std::lround(request.rate_hz));
  settings.output_channels = request.output_channels;

  LiveSession session(settings);
  const std::unique_ptr<SoundStream> stream = system.open(request, session);
  console.print(start_line(options, settings, input, output, session.latency_s(), stream->latency_s()));
  const auto seconds = [&] { return static_cast<double>(session.frames()) / settings.rate_hz; };
  std::uint64_t frames = 0;
  Clock::time_point moved = Clock::now(), logged = moved;
  while (!console.stopped() && (options.seconds <= 0 || seconds() < options.seconds)) {
    const Key key = console.key();
    if (key == Key::kQuit) break;
    obey(key, session);
    const Clock::time_point now = Clock::now();
    if (session.frames() != frames) moved = now;
    frames = session.frames();
    if (!stream->running() || std::chrono::duration<double>(now - moved).count() > kSilentDeviceS) {
      throw Error(ExitCode::kDevice,
                  "'{}' or '{}' went away after {:.1f} s: no sound comes any more; is it plugged in? A larger --block "
                  "may help a slow one.",
                  input, output, seconds());
    }
    if (options.json) {
      console.print(json_line(session, *stream, seconds(), "status"));
    } else if (console.show) {
      console.show(meters(session));
    } else if (std::chrono::duration<double>(now - logged).count() >= kLogIntervalS) {
      console.print(meters(session));
      logged = now;
    }
  }
  if (options.json) {
    console.print(json_line(session, *stream, seconds(), "stop"));
  } else {
    console.print(fmt::format("Stopped after {:.1f} s; {} dropouts.", seconds(), session.dropouts()));
  }
}

}  // namespace pellucid::cli
