// PortAudio (http://www.portaudio.com) behind cli/live_device.hpp. Built only where it is installed.
#include <fcntl.h>
#include <portaudio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "cli/live_device.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

/// ALSA and JACK write to standard error whatever they look for and do not find; errors come back as codes anyway.
class Quiet {
 public:
  Quiet() : kept_(::dup(STDERR_FILENO)) {
    const int nothing = ::open("/dev/null", O_WRONLY);
    if (nothing < 0) return;
    ::dup2(nothing, STDERR_FILENO);
    ::close(nothing);
  }
  ~Quiet() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  int kept_;
};

std::string name_of(PaDeviceIndex index) {
  const PaDeviceInfo* info = Pa_GetDeviceInfo(index);
  return info != nullptr && info->name != nullptr ? info->name : "?";
}

// What a person can do about it.
std::string reason(PaError error) {
  if (error == paDeviceUnavailable) return "it is busy; close the program that uses it, or choose another device";
  // Whatever else its ALSA part hears from a device that it found before.
  if (error == paBadIODeviceCombination) {
    return "it has gone, or its use is not permitted; is it plugged in, and is the user in the group 'audio'?";
  }
  if (error == paInvalidChannelCount) return "it has fewer channels; set --channels 1";
  if (error != paUnanticipatedHostError) return Pa_GetErrorText(error);
  const PaHostErrorInfo* host = Pa_GetLastHostErrorInfo();
  const long code = host == nullptr ? 0 : host->errorCode < 0 ? -host->errorCode : host->errorCode;
  if (code == EBUSY) return "it is busy: another program has it";
  if (code == EACCES || code == EPERM) return "permission was refused; is the user in the group 'audio'?";
  if (code == ENODEV || code == ENOENT) return "it has gone; is it plugged in?";
  return host != nullptr && host->errorText != nullptr ? host->errorText : Pa_GetErrorText(error);
}

std::string with_stop(std::string sentence) {
  if (sentence.empty() || (sentence.back() != '.' && sentence.back() != '?')) sentence += '.';
  return sentence;
}

class Stream : public SoundStream {
 public:
  Stream(const StreamRequest& request, SoundClient& client) : client_(client) {
    const auto in = static_cast<PaDeviceIndex>(request.input), out = static_cast<PaDeviceIndex>(request.output);
    const PaDeviceInfo *in_info = Pa_GetDeviceInfo(in), *out_info = Pa_GetDeviceInfo(out);
    if (in_info == nullptr || out_info == nullptr) throw Error(ExitCode::kDevice, "There is no such sound device.");
    // As quick as the devices go, but with room for two blocks.
    const double room_s = 2 * static_cast<double>(request.block_frames) / request.rate_hz;
    const PaStreamParameters from{in, request.input_channels, paFloat32,
                                  std::max(room_s, in_info->defaultLowInputLatency), nullptr};
    const PaStreamParameters to{out, request.output_channels, paFloat32,
                                std::max(room_s, out_info->defaultLowOutputLatency), nullptr};
    PaError error =
        Pa_OpenStream(&stream_, &from, &to, request.rate_hz, request.block_frames, paNoFlag, on_block, this);
    if (error == paNoError) error = Pa_StartStream(stream_);
    if (error == paNoError) return;
    const auto reason_here = [&](PaError found) {
      if (found != paInvalidSampleRate) return reason(found);
      return fmt::format("it does not run at {} Hz; choose another with --rate (without it the input's own is taken)",
                         request.rate_hz);
    };
    const std::string why = reason_here(error);
    if (stream_ != nullptr) Pa_CloseStream(stream_);
    // Which of the two: each by itself.
    for (const bool input : {true, false}) {
      const PaError alone = Pa_IsFormatSupported(input ? &from : nullptr, input ? nullptr : &to, request.rate_hz);
      if (alone == paFormatIsSupported) continue;
      throw Error(ExitCode::kDevice, "The sound {} device '{}' cannot be opened: {}", input ? "input" : "output",
                  name_of(input ? in : out), with_stop(reason_here(alone)));
    }
    throw Error(ExitCode::kDevice, "The sound devices '{}' and '{}' cannot be opened together: {}", name_of(in),
                name_of(out), with_stop(why));
  }
  ~Stream() override {
    // PortAudio's ALSA part waits for ever when the sound server has died; its thread may still use this object, so
    // then only the end of the program is safe.
    std::packaged_task<void()> close([this] {
      Pa_AbortStream(stream_);
      Pa_CloseStream(stream_);
    });
    std::future<void> closed = close.get_future();
    std::thread closer(std::move(close));
    if (closed.wait_for(kPatience) != std::future_status::ready) {
      closer.detach();
      static constexpr char kSentence[] =
          "pellucid: The sound system does not answer any more; has its server ended? Start it again, then Pellucid.\n";
      // Standard error is turned away; this copy is the program's own.
      [[maybe_unused]] const auto written = ::write(error_, kSentence, sizeof kSentence - 1);
      std::quick_exit(static_cast<int>(ExitCode::kDevice));
    }
    closer.join();
    ::close(error_);
  }
  bool running() const override { return Pa_IsStreamActive(stream_) == 1; }
  double latency_s() const override {
    const PaStreamInfo* info = Pa_GetStreamInfo(stream_);
    return info == nullptr ? 0 : info->inputLatency + info->outputLatency;
  }
  double load() const override { return Pa_GetStreamCpuLoad(stream_); }

 private:
  static int on_block(const void* input, void* output, unsigned long frames, const PaStreamCallbackTimeInfo*,
                      PaStreamCallbackFlags flags, void* self) {
    constexpr PaStreamCallbackFlags kLost = paInputUnderflow | paInputOverflow | paOutputUnderflow | paOutputOverflow;
    static_cast<Stream*>(self)->client_.block(static_cast<const float*>(input), static_cast<float*>(output), frames,
                                              (flags & kLost) != 0);
    return paContinue;
  }

  static constexpr std::chrono::seconds kPatience{3};
  SoundClient& client_;
  PaStream* stream_ = nullptr;
  int error_ = ::dup(STDERR_FILENO);
  Quiet quiet_;  // as long as it plays: a device that fails is told of by the audio thread, at any time
};

class PortAudio : public SoundSystem {
 public:
  PortAudio() {
    const Quiet quiet;
    if (const PaError error = Pa_Initialize(); error != paNoError) {
      throw Error(ExitCode::kDevice, "PortAudio does not start: {}", with_stop(reason(error)));
    }
  }
  ~PortAudio() override { Pa_Terminate(); }

  std::vector<SoundDevice> devices() override {
    std::vector<SoundDevice> all;
    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
      const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
      if (info == nullptr) continue;
      const PaHostApiInfo* api = Pa_GetHostApiInfo(info->hostApi);
      all.push_back({.name = name_of(i),
                     .system = api != nullptr ? api->name : "?",
                     .inputs = info->maxInputChannels,
                     .outputs = info->maxOutputChannels,
                     .rate_hz = info->defaultSampleRate,
                     .default_input = i == Pa_GetDefaultInputDevice(),
                     .default_output = i == Pa_GetDefaultOutputDevice()});
    }
    return all;
  }
  std::unique_ptr<SoundStream> open(const StreamRequest& request, SoundClient& client) override {
    return std::make_unique<Stream>(request, client);
  }
};

}  // namespace

std::unique_ptr<SoundSystem> open_portaudio() { return std::make_unique<PortAudio>(); }

}  // namespace pellucid::cli
