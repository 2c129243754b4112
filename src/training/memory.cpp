#include "training/memory.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "support/error.hpp"

namespace pellucid::training {
namespace {

// Floats that forward leaves for one frame: the sum before the activation and the result of every layer, and what the
// mixers save beside.
double kept_floats_per_frame(const Architecture& a) {
  const double P = a.positions(), B = a.bands, C = a.channels, D = a.width, H = a.hidden, G = a.freq_hidden;
  double block = 2 * B * D;  // the residuals
  switch (a.time_mixer) {
    case TimeMixer::kGru:
      block += B * (2 * 3 * H + H + 4 * H + 2 * D);
      break;
    case TimeMixer::kConv:
      block += a.time_layers * 2 * B * D;
      break;
    case TimeMixer::kAttention:
      block += B * (2 * 3 * H + H + a.heads * a.context_frames + 2 * D);
      break;
  }
  switch (a.freq_mixer) {
    case FreqMixer::kDense:
      block += 3 * B * D;
      break;
    case FreqMixer::kConv:
      block += 2 * B * D;
      break;
    case FreqMixer::kGru:
      block += B * (2 * (2 * 3 * G + G + 4 * G) + 2 * G + 2 * D);
      break;
    case FreqMixer::kAttention:
      block += B * (2 * 3 * G + G + a.heads * B + 2 * D);
      break;
  }
  const double encoder = P * 3 * a.fold + (a.encoder_layers + 1) * 2 * P * C + B * C + 3 * B * D;
  const double decoder =
      a.output == Output::kBandGains ? 2 * a.bins() : B * 2 * C + 2 * P * C + a.encoder_layers * 3 * P * C;
  const double mask = 3 * 2 * a.bins(), target = 6 * a.bins();
  return encoder + a.blocks * block + decoder + mask + target;
}

// A whole number of bytes that stands alone in a file, or after `key` in one of its lines; else infinity.
double number_in(const char* path, const std::string& key, double unit) {
  std::ifstream in(path);
  std::string word;
  double value = 0;
  while (!key.empty() && in >> word && word != key) {
  }
  return in >> value ? value * unit : std::numeric_limits<double>::infinity();
}

}  // namespace

double least_memory_bytes(const Recipe& r, int processes) {
  const auto& t = r.train;
  const double samples = t.chunk_s * r.model.sample_rate_hz, frames = samples / r.model.hop_samples;
  const double replica = t.batch * frames * kept_floats_per_frame(r.model);
  const double waiting = (2.0 * t.replicas + 2 + t.loader_workers) * t.batch * samples * 2;
  const double weights = static_cast<double>(nn::parameter_count(r.model)) * (6 + 3.0 * t.replicas);
  const double validation = (2 * kValidationPairS + kValidationNoiseS / kPairsPerNoise) * r.model.sample_rate_hz;
  return sizeof(float) * (t.replicas * replica + waiting + weights + validation * t.valid_pairs / processes);
}

double available_memory_bytes() {
  // Version 2 of control groups, then version 1.
  return std::min({number_in("/proc/meminfo", "MemAvailable:", 1024), number_in("/sys/fs/cgroup/memory.max", "", 1),
                   number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "", 1)});
}

void check_memory(const Recipe& r, double available, int processes) {
  const double needed = least_memory_bytes(r, processes);
  if (r.train.device != "cpu" || needed <= available) return;
  throw Error(ExitCode::kRecipe,
              "the recipe asks for {:.1f} GB of memory or more ({} replicas of {} chunks of {:g} s, {} pairs that "
              "validate), found {:.1f} GB; lower train.batch, train.chunk_s, train.replicas or train.valid_pairs",
              needed / 1e9, r.train.replicas, r.train.batch, r.train.chunk_s, r.train.valid_pairs, available / 1e9);
}

void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
#endif
}

}  // namespace pellucid::training
