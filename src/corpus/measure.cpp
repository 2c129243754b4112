#include "corpus/measure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "corpus/active_level.hpp"

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

// Radix-2, in place; 512 points here, where two real frames share one complex transform.
class SpectrumFft {
 public:
  SpectrumFft() {
    for (std::size_t i = 0; i < kFft; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / kFft;
      window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(angle));
      if (i < kFft / 2) twiddles_[i] = {static_cast<float>(std::cos(angle)), static_cast<float>(-std::sin(angle))};
      std::size_t reversed = 0;
      for (std::size_t bit = 1, n = i; bit < kFft; bit <<= 1, n >>= 1) reversed = (reversed << 1) | (n & 1);
      order_[i] = reversed;
    }
  }

  // Adds the power spectra of the frames at `a` and `b` to `power`.
  void add(std::span<const float> a, std::span<const float> b, std::span<double> power) {
    for (std::size_t i = 0; i < kFft; ++i) data_[order_[i]] = {a[i] * window_[i], b[i] * window_[i]};
    for (std::size_t half = 1; half < kFft; half *= 2) {
      const std::size_t stride = kFft / 2 / half;
      for (std::size_t start = 0; start < kFft; start += 2 * half) {
        for (std::size_t k = 0; k < half; ++k) {
          const std::complex<float> w = twiddles_[k * stride], x = data_[start + k + half];
          const std::complex<float> turned{x.real() * w.real() - x.imag() * w.imag(),
                                           x.real() * w.imag() + x.imag() * w.real()};
          data_[start + k + half] = data_[start + k] - turned;
          data_[start + k] += turned;
        }
      }
    }
    for (std::size_t k = 0; k <= kFft / 2; ++k) {
      // |A|^2 + |B|^2 of real a, b from Z = A + iB: (|Z[k]|^2 + |Z[-k]|^2) / 2.
      power[k] += 0.5 * static_cast<double>(std::norm(data_[k]) + std::norm(data_[(kFft - k) % kFft]));
    }
  }

 private:
  std::array<float, kFft> window_{};
  std::array<std::complex<float>, kFft / 2> twiddles_{};
  std::array<std::size_t, kFft> order_{};
  std::array<std::complex<float>, kFft> data_{};
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
  constexpr std::size_t kHop = kFft / 2;
  std::array<double, kFft / 2 + 1> power{};
  std::vector<float> padded;
  if (samples.size() < kFft + kHop) {
    padded.assign(samples.begin(), samples.end());
    padded.resize(kFft + kHop);
    samples = padded;
  }
  SpectrumFft fft;
  for (std::size_t i = 0; i + kFft + kHop <= samples.size(); i += 2 * kHop) {
    fft.add(samples.subspan(i, kFft), samples.subspan(i + kHop, kFft), power);
  }
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
