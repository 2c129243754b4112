// Measures one model on one core.
#pragma once

#include <filesystem>
#include <string>

#include "nn/kernels.hpp"

namespace pellucid::cli {

struct BenchOptions {
  const nn::Kernels* kernels = nullptr;
  double seconds = 5;  ///< of the paced stream; a fifth of it is processor time for the speed
  bool paced = true;
};

/// Times are of one channel at the model's own rate.
struct BenchResult {
  std::string model, kernels;
  int sample_rate_hz = 0;
  double hop_ms = 0;
  double load_ms = 0;                   ///< processor time from opening the file to a denoiser that is ready
  double realtime_factor = 0;           ///< seconds of sound in a second of processor time
  double multiply_adds_per_s = 0;       ///< of the layers, at that speed
  double peak_multiply_adds_per_s = 0;  ///< of the core, measured between the frames
  /// Wall-clock time of each frame of a stream that comes in real time; zeros where it was not `paced`.
  struct {
    double p50 = 0, p99 = 0, p999 = 0, worst = 0;
    int count = 0;
  } frame_us;

  double peak_share() const { return multiply_adds_per_s / peak_multiply_adds_per_s; }
};

/// Throws Error(kModel) when the file cannot be used, Error(kInterrupted) after Ctrl-C.
BenchResult bench_model(const std::string& name, const std::filesystem::path& path, const BenchOptions& options);

}  // namespace pellucid::cli
