#include "cli/bench_model.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "cli/models.hpp"
#include "engine/denoiser.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/peak.hpp"

namespace pellucid::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// A denoiser of one channel, in memory of its own. pellucid.h has no choice of kernels, so it is not used.
class Loaded {
 public:
  Loaded(const std::filesystem::path& path, const nn::Kernels& kernels) {
    const std::unique_ptr<Model> model = load_any_model(path.string());
    const nn::ModelFile& file = model->file;
    architecture_ = file.architecture();
    multiply_adds_ = nn::multiply_adds_per_frame(file);
    engine::Settings settings{architecture_.sample_rate_hz, 1};
    settings.kernels = {&kernels, nn::integer_kernels_named(kernels.name)};
    kernels_ = kernels.name;
    if (file.arithmetic() == nn::Arithmetic::kInt8 && settings.kernels.integers == nullptr) {
      kernels_ = nn::best_integer_kernels().name;
    }
    if (engine::window_for(architecture_, settings.sample_rate_hz) == 0) {
      throw Error(ExitCode::kModel, "{}: its window of {} samples cannot be transformed; name another model.",
                  path.string(), architecture_.window_samples);
    }
    dsp::Arena measure;
    engine::Denoiser{}.init(file, settings, measure);
    memory_.reset(std::aligned_alloc(dsp::Arena::kAlignment, measure.bytes()));
    dsp::Arena arena(memory_.get(), measure.bytes());
    if (memory_ == nullptr || !denoiser_.init(file, settings, arena)) throw std::bad_alloc();
  }

  const nn::Architecture& architecture() const { return architecture_; }
  std::uint64_t multiply_adds() const { return multiply_adds_; }
  const char* kernels() const { return kernels_; }
  void process(std::vector<float>& samples) {
    denoiser_.process(engine::Source::interleaved(samples.data(), 1), engine::Sink::interleaved(samples.data(), 1),
                      samples.size());
  }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  nn::Architecture architecture_;
  std::uint64_t multiply_adds_ = 0;  // of a frame
  const char* kernels_ = "";
  std::unique_ptr<void, Free> memory_;
  engine::Denoiser denoiser_;
};

/// Noise in bursts: silence would let processors take short cuts.
class Noise {
 public:
  void fill(std::vector<float>& samples) {
    const float loudness = hop_++ % 50 < 25 ? 0.1f : 0.001f;
    for (float& x : samples) {
      state_ = state_ * 1664525u + 1013904223u;
      x = loudness * (static_cast<float>(state_ >> 8) / 8388608.0f - 1.0f);
    }
  }

 private:
  std::uint32_t state_ = 1, hop_ = 0;
};

double load_ms(const std::filesystem::path& path, const nn::Kernels& kernels) {
  std::vector<double> times(7);
  for (double& time : times) {
    const double start = processor_time_s();
    const Loaded loaded(path, kernels);
    time = 1e3 * (processor_time_s() - start);
  }
  return median(std::move(times));
}

/// Frames as fast as they go, in turn with what the core can do at most, so that both meet the same clock frequency.
void measure_speed(Loaded& loaded, double seconds, BenchResult* result) {
  const nn::Architecture& a = loaded.architecture();
  constexpr int kHops = 64;  // between two looks at the clock, which takes as long as a small layer
  std::vector<std::vector<float>> hops(kHops, std::vector<float>(a.hop_samples));
  Noise noise;
  std::vector<double> hop_s, peaks;
  const double end = processor_time_s() + seconds;
  while (hop_s.size() < 5 || processor_time_s() < end) {
    stop_if_interrupted();
    for (std::vector<float>& hop : hops) noise.fill(hop);
    const double start = processor_time_s();
    for (std::vector<float>& hop : hops) loaded.process(hop);
    hop_s.push_back((processor_time_s() - start) / kHops);
    peaks.push_back(peak_multiply_adds_per_s(nn::kernels_at));
  }
  const double hop = median(std::move(hop_s));
  result->realtime_factor = 1e-3 * result->hop_ms / hop;
  result->multiply_adds_per_s = static_cast<double>(loaded.multiply_adds()) / hop;
  result->peak_multiply_adds_per_s = median(std::move(peaks));
}

/// One frame a hop, each when its sound would be there, so that caches and clock are those of real use.
void measure_paced(Loaded& loaded, double seconds, BenchResult* result) {
  const std::chrono::duration<double, std::milli> hop(result->hop_ms);
  std::vector<float> samples(loaded.architecture().hop_samples);
  std::vector<double> times_us;
  Noise noise;
  const Clock::time_point begin = Clock::now();
  const auto count = std::max<std::size_t>(10, static_cast<std::size_t>(1e3 * seconds / result->hop_ms));
  while (times_us.size() < count) {
    stop_if_interrupted();
    noise.fill(samples);
    const auto due = static_cast<double>(times_us.size() + 1) * hop;
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
    const Clock::time_point start = Clock::now();
    loaded.process(samples);
    times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(times_us.begin(), times_us.end());
  const auto at = [&](double share) {
    return times_us[static_cast<std::size_t>(share * static_cast<double>(times_us.size() - 1) + 0.5)];
  };
  result->frame_us = {at(0.5), at(0.99), at(0.999), times_us.back(), static_cast<int>(times_us.size())};
}

}  // namespace

BenchResult bench_model(const std::string& name, const std::filesystem::path& path, const BenchOptions& options) {
  Loaded loaded(path, *options.kernels);
  const nn::Architecture& a = loaded.architecture();
  BenchResult result;
  result.model = name;
  result.kernels = loaded.kernels();
  result.sample_rate_hz = static_cast<int>(a.sample_rate_hz);
  result.hop_ms = 1e3 * a.hop_samples / a.sample_rate_hz;
  result.load_ms = load_ms(path, *options.kernels);
  measure_speed(loaded, 0.2 * options.seconds, &result);
  if (options.paced) measure_paced(loaded, options.seconds, &result);
  return result;
}

}  // namespace pellucid::cli
