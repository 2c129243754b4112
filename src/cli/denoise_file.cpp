#include "cli/denoise_file.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "audio/stream.hpp"
#include "cli/denoise_aligned.hpp"
#include "support/elapsed.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"

namespace pellucid::cli {
namespace {

// Of the loudest 20 ms; the engine lifts what is quieter by itself (src/engine/lift.hpp), but learns it as it goes.
constexpr double kLoudEnough = 0.000316;  // mean square, -35 dBFS
constexpr int kMostBits = 7;

/// By how many bits a recording is too quiet for the network. Reads no further than to the first loud frame.
int quiet_bits(audio::Reader& reader) {
  const auto channels = static_cast<std::size_t>(reader.format().channels);
  const auto frame = std::max<std::size_t>(1, static_cast<std::size_t>(reader.format().rate_hz / 50));
  std::vector<double> block(frame * channels);
  double loudest = 0;
  while (const std::size_t count = reader.read(block)) {
    for (std::size_t c = 0; c < channels; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double x = block[i * channels + c];
        sum += x;
        squares += x * x;
      }
      const auto n = static_cast<double>(count);
      loudest = std::max(loudest, (squares - sum * sum / n) / n);  // an offset is no sound
    }
    if (loudest >= kLoudEnough) return 0;
    stop_if_interrupted();
  }
  return loudest > 0 ? std::min(kMostBits, static_cast<int>(std::ceil(0.5 * std::log2(kLoudEnough / loudest)))) : 0;
}

}  // namespace

void check_model(const DenoiseSettings& settings) { AlignedDenoiser(settings, 16000, 1, "probe"); }

DenoiseResult denoise_file(const DenoiseJob& job, const DenoiseSettings& settings,
                           const std::function<void(double)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  audio::Reader reader(job.input, settings.damaged ? audio::Damage::kTakeTheRest : audio::Damage::kRefuse);
  int lift_bits = 0;
  if (std::error_code error; std::filesystem::is_regular_file(job.input, error)) {  // a pipe is read once only
    lift_bits = quiet_bits(reader);
    reader.rewind();
  }
  const audio::StreamFormat& format = reader.format();
  const auto channels = static_cast<std::size_t>(format.channels);
  AlignedDenoiser aligned(settings, format.rate_hz, format.channels, job.input.string(), lift_bits);
  audio::Writer writer(job.output, audio::output_format(format, job.output),
                       settings.replace_existing ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  DenoiseResult result;
  std::vector<double> block;
  const auto write = [&] {
    writer.write(block);
    const std::size_t frames = block.size() / channels;
    result.frames += static_cast<std::int64_t>(frames);
    progress(static_cast<double>(frames) / format.rate_hz);
    stop_if_interrupted();
  };
  for (;;) {
    block.resize(AlignedDenoiser::kBlockFrames * channels);
    const std::size_t frames = reader.read(block);
    if (frames == 0) break;
    block.resize(frames * channels);
    aligned.process(block);
    write();
  }
  for (aligned.finish(block); !block.empty(); aligned.finish(block)) write();
  writer.close();
  result.rate_hz = format.rate_hz;
  result.channels = format.channels;
  result.shortfall = reader.shortfall();
  result.repaired_samples = reader.repaired_samples();
  result.clipped_samples = writer.clipped_samples();
  result.elapsed_s = elapsed_s(start);
  return result;
}

}  // namespace pellucid::cli
