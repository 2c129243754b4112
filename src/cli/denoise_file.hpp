// One file through the engine, in blocks: time-aligned, of the same length, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "audio/stream.hpp"
#include "cli/denoise_plan.hpp"

namespace pellucid::cli {

struct DenoiseSettings {
  std::span<const std::byte> model;  ///< the model file's bytes
  std::filesystem::path model_path;  ///< named in errors
  float strength = 1;                ///< 0..1
  float attenuation_limit_db = 100;  ///< 100 or more: none
  float post_filter = 0;             ///< 0..1
  bool adaptive = false;             ///< leave alone what needs nothing
  bool link_channels = false;        ///< one gain for all channels
  bool residue = false;              ///< write what was removed instead
  bool damaged = false;              ///< clean what there is of files that are cut short or damaged
  bool replace_existing = false;
};

struct DenoiseResult {
  std::int64_t frames = 0;
  int rate_hz = 0;
  int channels = 0;
  std::uint64_t repaired_samples = 0;         ///< NaN or infinite in the input, taken as 0
  std::optional<audio::Shortfall> shortfall;  ///< the input was damaged
  std::uint64_t clipped_samples = 0;          ///< beyond full scale of an integer output
  double elapsed_s = 0;
  double seconds() const { return rate_hz > 0 ? static_cast<double>(frames) / rate_hz : 0; }
};

/// Throws Error(kModel) when the engine does not take the model (16 kHz, one channel as a probe).
void check_model(const DenoiseSettings& settings);

/// `progress` is called with seconds of sound done since its last call.
/// Throws Error: kInput, kAudio (what is cut short as audio::CutShort), kModel, kOutput, kInterrupted; nothing is left
/// at the output then.
DenoiseResult denoise_file(const DenoiseJob& job, const DenoiseSettings& settings,
                           const std::function<void(double)>& progress);

}  // namespace pellucid::cli
