// Recordings made by the tests themselves, and what the tests measure on sounds.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "corpus/active_level.hpp"
#include "corpus/mix_clips.hpp"

namespace pellucid::corpus {

inline double db(double power) { return 10 * std::log10(power); }

/// Syllables of a buzz with pauses between them: quick to make, and P.56 tells speech from pause.
inline std::vector<float> talk(std::uint64_t seed, std::size_t size, int rate_hz = 16000) {
  Random rng(seed, 0x74616c6b);
  std::vector<float> x(size);
  const double pitch = rng.uniform(90, 250);
  bool voiced = true;
  for (std::size_t start = 0; start < size;) {
    const auto length = static_cast<std::size_t>(rng.uniform(0.1, 0.5) * rate_hz);
    const double strength = rng.uniform(0.05, 0.3);
    for (std::size_t i = 0; i < std::min(length, size - start); ++i) {
      const double t = static_cast<double>(start + i) / rate_hz;
      double v = 0.001 * static_cast<double>(quick_normal(rng));
      if (voiced) {
        const double shape = std::sin(std::numbers::pi * static_cast<double>(i) / static_cast<double>(length));
        for (int h = 1; h <= 12; ++h) v += strength * shape / h * std::sin(2 * std::numbers::pi * pitch * h * t);
        v += 0.1 * strength * shape * static_cast<double>(quick_normal(rng));
      }
      x[start + i] = static_cast<float>(v);
    }
    start += length;
    voiced = !voiced;
  }
  return x;
}

inline std::vector<float> hiss(std::uint64_t seed, std::size_t size, double level = 0.05) {
  Random rng(seed, 0x68697373);
  std::vector<float> x(size);
  for (float& v : x) v = static_cast<float>(level) * quick_normal(rng);
  return x;
}

/// Clips that live in memory.
class MemoryClips : public ClipSource {
 public:
  void add(Kind kind, const std::string& path, const std::string& group, std::vector<float> samples,
           Split split = Split::kTrain) {
    Clip clip;
    clip.kind = kind;
    clip.split = split;
    clip.path = path;
    clip.group = group;
    clip.shard = static_cast<std::uint32_t>(samples_.size());
    clip.frames = samples.size();
    clip.active_level_dbfs = kind == Kind::kSpeech ? active_level(samples, 16000).level_dbfs : rms_level_dbfs(samples);
    clips_.push_back(clip);
    samples_.push_back(std::move(samples));
  }
  int rate_hz() const override { return 16000; }
  std::span<const Clip> clips() const override { return clips_; }
  void read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const override {
    const auto& all = samples_.at(clip.shard);
    if (offset_samples + out.size() > all.size()) throw std::out_of_range("read beyond the clip " + clip.path);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(offset_samples), out.size(), out.begin());
  }

 private:
  std::vector<Clip> clips_;
  std::vector<std::vector<float>> samples_;
};

/// Six speakers with short and long clips, two classes of noise with short and long clips.
inline MemoryClips small_collection() {
  MemoryClips clips;
  for (std::uint64_t s = 0; s < 6; ++s) {
    const std::string name = "speaker" + std::to_string(s);
    for (std::uint64_t k = 0; k < 3; ++k)
      clips.add(Kind::kSpeech, name + "/" + std::to_string(k), name, talk(10 * s + k, 12000 + 25000 * k));
  }
  for (std::uint64_t k = 0; k < 4; ++k) {
    const std::string folder = k < 2 ? "rain/" : "tools/";
    clips.add(Kind::kNoise, folder + std::to_string(k), folder + std::to_string(k), hiss(k, 3000 + 40000 * k));
  }
  return clips;
}

/// Power densities of a signal, one a bin of rate / kBins Hz: periodograms of Hann windows, averaged (Welch).
class Spectrum {
 public:
  static constexpr int kBins = 1024;
  Spectrum(std::span<const float> x, int rate_hz) : rate_hz_(rate_hz), density_(kBins / 2 + 1, 0.0) {
    std::vector<double> cosine(kBins);
    for (int i = 0; i < kBins; ++i) cosine[static_cast<std::size_t>(i)] = std::cos(2 * std::numbers::pi * i / kBins);
    int frames = 0;
    const std::size_t hop = std::max<std::size_t>(kBins / 2, x.size() / 100);
    for (std::size_t start = 0; start + kBins <= x.size(); start += hop, ++frames) {
      for (std::size_t k = 0; k < density_.size(); ++k) {
        double re = 0, im = 0;
        for (std::size_t i = 0; i < kBins; ++i) {
          const double v = static_cast<double>(x[start + i]) * (0.5 - 0.5 * cosine[i]);
          re += v * cosine[k * i % kBins];
          im += v * cosine[(k * i + kBins / 4) % kBins];
        }
        density_[k] += re * re + im * im;
      }
    }
    for (double& v : density_) v /= std::max(frames, 1);
  }
  /// Mean density between two frequencies.
  double density(double low_hz, double high_hz) const {
    double sum = 0;
    int count = 0;
    for (std::size_t k = 0; k < density_.size(); ++k) {
      const double hz = static_cast<double>(k) * rate_hz_ / kBins;
      if (hz < low_hz || hz >= high_hz) continue;
      sum += density_[k];
      ++count;
    }
    return sum / std::max(count, 1);
  }
  /// Share of the power below a frequency.
  double share_below(double hz) const {
    double low = 0, all = 0;
    for (std::size_t k = 0; k < density_.size(); ++k) {
      all += density_[k];
      if (static_cast<double>(k) * rate_hz_ / kBins < hz) low += density_[k];
    }
    return low / all;
  }

 private:
  double rate_hz_;
  std::vector<double> density_;
};

/// Levels of consecutive frames in dB, sorted.
inline std::vector<double> frame_levels_db(std::span<const float> x, std::size_t frame) {
  std::vector<double> levels;
  for (std::size_t start = 0; start + frame <= x.size(); start += frame) {
    double sum = 1e-20;
    for (const float v : x.subspan(start, frame)) sum += static_cast<double>(v) * static_cast<double>(v);
    levels.push_back(db(sum / static_cast<double>(frame)));
  }
  std::sort(levels.begin(), levels.end());
  return levels;
}

inline std::vector<float> difference(std::span<const float> a, std::span<const float> b) {
  std::vector<float> d(a.size());
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = a[i] - b[i];
  return d;
}

}  // namespace pellucid::corpus
