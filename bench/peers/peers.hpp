// Systems that remove noise, each as a function from sound to sound. What a system needs before its first sample
// (memory, tables, a model) is not timed; everything after that is.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace pellucid::peers {

using Samples = std::vector<float>;  ///< mono, full scale 1
using Bytes = std::vector<std::uint8_t>;

struct Timed {
  Samples output;  ///< as long as the input; a system's delay is left in it
  double cpu_s = 0;
};

/// Processor time of this process: what else runs on the machine does not count.
inline double cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Speex's preprocessor, frames of 16 ms, its defaults (denoising by up to 15 dB, no gain control, no echo).
Timed run_speexdsp(const Samples& input, int rate_hz);
/// WebRTC's audio processing with nothing but noise suppression, level high; 10 ms frames.
Timed run_webrtc(const Samples& input, int rate_hz);

/// The engine through its C API, a hop at a time.
Timed run_engine(const Samples& input, int rate_hz, const Bytes& model);
/// The network alone: `spectra` are frames of [bins + 1][re, im], as `spectra_of` gives them.
Timed run_network(const Samples& spectra, const Bytes& model);
/// A recording at the model's own rate in frames of its short-time Fourier transform.
Samples spectra_of(const Samples& input, const Bytes& model);
/// An ONNX graph with the inputs and outputs of the model's, in which nothing is computed: what a call alone costs.
std::string empty_graph(const Bytes& model);

}  // namespace pellucid::peers
