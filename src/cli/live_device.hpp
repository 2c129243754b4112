// The seam between `pellucid live` and sound hardware: PortAudio behind it in the tool, sound from memory in tests.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace pellucid::cli {

struct SoundDevice {
  std::string name;
  std::string system;  ///< "ALSA", "JACK Audio Connection Kit"
  int inputs = 0;      ///< channels; 0: does not record
  int outputs = 0;     ///< channels; 0: does not play
  double rate_hz = 0;  ///< its own
  bool default_input = false;
  bool default_output = false;
};

/// Gets called for every block, in the audio thread: no heap, lock or exception.
class SoundClient {
 public:
  virtual ~SoundClient() = default;
  /// Interleaved samples of as many channels as were opened; `dropout`: sound was lost before this block.
  virtual void block(const float* input, float* output, std::size_t frames, bool dropout) noexcept = 0;
};

struct StreamRequest {
  std::size_t input = 0, output = 0;  ///< places in devices()
  int input_channels = 1, output_channels = 1;
  double rate_hz = 48000;
  unsigned long block_frames = 0;  ///< 0: as the device likes it
};

/// A stream that runs until it is destroyed.
class SoundStream {
 public:
  virtual ~SoundStream() = default;
  virtual bool running() const = 0;      ///< false once the device has ended it
  virtual double latency_s() const = 0;  ///< of input and output together, as the device says
  virtual double load() const = 0;       ///< share of the time that a block may take, 0..1
};

class SoundSystem {
 public:
  virtual ~SoundSystem() = default;
  virtual std::vector<SoundDevice> devices() = 0;
  /// Throws Error(kDevice) that says which device would not and why.
  virtual std::unique_ptr<SoundStream> open(const StreamRequest& request, SoundClient& client) = 0;
};

/// Throws Error(kDevice) when it does not start.
std::unique_ptr<SoundSystem> open_portaudio();

}  // namespace pellucid::cli
