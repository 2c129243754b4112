#include "corpus/measure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numbers>
#include <vector>

#include "corpus/active_level.hpp"
#include "dsp/arena.hpp"
#include "dsp/fft.hpp"

namespace pellucid::corpus {
namespace {

constexpr float kFloorDbfs = -100.0f;
constexpr float kSilentFrameDbfs = -70.0f;
constexpr double kFrameS = 0.02;
constexpr float kClipLevel = 0.99f;
constexpr double kBandwidthDropDb = 60.0;
constexpr std::size_t kFft = 512;

std::vector<float> frame_levels_dbfs(std::span<const float> samples, int rate_hz) {
  const std::size_t size = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(kFrameS * rate_hz)));
  std::vector<float> levels;
  for (std::size_t i = 0; i + size <= samples.size(); i += size) {
    levels.push_back(std::max(kFloorDbfs, rms_level_dbfs(samples.subspan(i, size))));
  }
  if (levels.empty()) levels.push_back(std::max(kFloorDbfs, rms_level_dbfs(samples)));
  return levels;
}

// The value below which a share of the values lie, interpolated linearly between order statistics (numpy's default).
float percentile(std::vector<float>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const auto part = static_cast<float>(position - static_cast<double>(below));
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

// A transform with the memory it works in.
class SpectrumFft {
 public:
  SpectrumFft() {
    dsp::Arena count;
    fft_.init(kFft, count);
    memory_.resize(count.bytes() + dsp::Arena::kAlignment);
    void* aligned = memory_.data();
    std::size_t room = memory_.size();
    std::align(dsp::Arena::kAlignment, count.bytes(), aligned, room);
    dsp::Arena arena(aligned, count.bytes());
    fft_.init(kFft, arena);
    for (std::size_t i = 0; i < kFft; ++i) {
      window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / kFft));
    }
  }

  // Adds the power spectrum of a frame to `power`.
  void add(std::span<const float> frame, std::span<double> power) {
    for (std::size_t i = 0; i < kFft; ++i) windowed_[i] = frame[i] * window_[i];
    fft_.forward(windowed_.data(), spectrum_.data());
    for (std::size_t k = 0; k < power.size(); ++k) {
      const auto re = static_cast<double>(spectrum_[2 * k]), im = static_cast<double>(spectrum_[2 * k + 1]);
      power[k] += re * re + im * im;
    }
  }

 private:
  std::vector<std::byte> memory_;
  dsp::RealFft fft_;
  std::array<float, kFft> window_{}, windowed_{};
  std::array<float, kFft + 2> spectrum_{};
};

}  // namespace

void ClipCounter::add(std::span<const float> interleaved) {
  std::size_t channel = 0;
  for (const float x : interleaved) {
    std::size_t& run = runs_[channel];
    run = std::abs(x) >= kClipLevel ? run + 1 : 0;
    clipped_ += run == 2 ? 2 : run > 2 ? 1 : 0;
    channel = channel + 1 == runs_.size() ? 0 : channel + 1;
  }
  total_ += interleaved.size();
}

float ClipCounter::share() const {
  return total_ == 0 ? 0.0f : static_cast<float>(static_cast<double>(clipped_) / static_cast<double>(total_));
}

float bandwidth_hz(std::span<const float> samples, int rate_hz) {
  std::array<double, kFft / 2 + 1> power{};
  std::vector<float> padded;
  if (samples.size() < kFft) {
    padded.assign(samples.begin(), samples.end());
    padded.resize(kFft);
    samples = padded;
  }
  SpectrumFft fft;
  for (std::size_t i = 0; i + kFft <= samples.size(); i += kFft / 2) fft.add(samples.subspan(i, kFft), power);
  power[0] = 0;  // an offset is no sound
  const double least = *std::max_element(power.begin(), power.end()) * std::pow(10.0, -kBandwidthDropDb / 10);
  if (least <= 0) return 0;
  std::size_t top = power.size() - 1;
  while (top > 0 && power[top] < least) --top;
  return static_cast<float>(static_cast<double>(top) * rate_hz / kFft);
}

Measures measure(std::span<const float> samples, int rate_hz) {
  Measures m;
  if (samples.empty() || rate_hz <= 0) return m;
  m.duration_s = static_cast<double>(samples.size()) / rate_hz;
  const ActiveLevel active = active_level(samples, rate_hz);
  m.active_level_dbfs = std::max(kFloorDbfs, active.level_dbfs);
  m.activity = active.activity;
  m.rms_dbfs = std::max(kFloorDbfs, rms_level_dbfs(samples));
  for (const float x : samples) m.peak = std::max(m.peak, std::abs(x));
  std::vector<float> levels = frame_levels_dbfs(samples, rate_hz);
  std::sort(levels.begin(), levels.end());
  m.noise_floor_dbfs = percentile(levels, 0.05);
  m.dynamic_db = percentile(levels, 0.95) - m.noise_floor_dbfs;
  const auto silent = std::lower_bound(levels.begin(), levels.end(), kSilentFrameDbfs) - levels.begin();
  m.silence_share = static_cast<float>(static_cast<double>(silent) / static_cast<double>(levels.size()));
  m.bandwidth_hz = bandwidth_hz(samples, rate_hz);
  return m;
}

}  // namespace pellucid::corpus
