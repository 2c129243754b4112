// `pellucid denoise --raw`: samples without a header from standard input to standard output, as they come.
#pragma once

#include "audio/pcm_stream.hpp"
#include "cli/denoise_file.hpp"

namespace pellucid::cli {

struct RawFormat {
  int rate_hz = 16000;
  int channels = 1;  ///< interleaved
  audio::Pcm pcm = audio::Pcm::kS16;
};

/// Reads whatever there is, denoises and writes it at once: what is held back is the engine's latency. As many samples
/// go out as come in. Throws Error: kModel, kAudio (rate, channels, an end within a sample), kInput, kOutput,
/// kInterrupted.
void denoise_raw(int input, int output, const RawFormat& format, const DenoiseSettings& settings);

}  // namespace pellucid::cli
