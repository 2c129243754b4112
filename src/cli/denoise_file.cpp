#include "cli/denoise_file.hpp"

#include <chrono>
#include <vector>

#include "audio/stream.hpp"
#include "cli/denoise_aligned.hpp"
#include "support/elapsed.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"

namespace pellucid::cli {

void check_model(const DenoiseSettings& settings) { AlignedDenoiser(settings, 16000, 1, "probe"); }

DenoiseResult denoise_file(const DenoiseJob& job, const DenoiseSettings& settings,
                           const std::function<void(double)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  audio::Reader reader(job.input, settings.damaged ? audio::Damage::kTakeTheRest : audio::Damage::kRefuse);
  const audio::StreamFormat& format = reader.format();
  const auto channels = static_cast<std::size_t>(format.channels);
  AlignedDenoiser aligned(settings, format.rate_hz, format.channels, job.input.string());
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
