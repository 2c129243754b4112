// The engine without its delay, block by block: what comes out belongs to the same moments as what went in.
//
//   AlignedDenoiser aligned(settings, 48000, 2, "talk.wav");
//   while (read(block)) { aligned.process(block); write(block); }
//   for (aligned.finish(block); !block.empty(); aligned.finish(block)) write(block);
#pragma once

#include <pellucid/pellucid.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "cli/denoise_file.hpp"

namespace pellucid::cli {

class AlignedDenoiser {
 public:
  using Denoiser = std::unique_ptr<pellucid_denoiser, decltype(&pellucid_destroy)>;

  static constexpr std::size_t kBlockFrames = 8192;

  /// `input` is named in errors; the engine hears all of it 2^lift_bits as loud. Throws Error: kModel, kAudio (rate,
  /// channels), kUsage (strength and the like).
  AlignedDenoiser(const DenoiseSettings& settings, int rate_hz, int channels, const std::string& input,
                  int lift_bits = 0);

  /// Overwrites `block`, interleaved, any size (and shortens or empties it) with the next output frames.
  void process(std::vector<double>& block);
  /// The last frames, at most kBlockFrames at a time; empty when all is out.
  void finish(std::vector<double>& block);

 private:
  void run(std::size_t frames);
  void take(std::vector<double>& block);

  Denoiser denoiser_;
  std::size_t channels_;
  bool residue_;
  float lift_;
  std::size_t skip_frames_;
  std::size_t seen_ = 0;         // of delayed_
  std::vector<double> delayed_;  // input whose output has not come yet
  std::vector<float> samples_;
};

}  // namespace pellucid::cli
