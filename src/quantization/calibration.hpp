// What sound makes of a float network's numbers: how large they get, and how the inputs of every product vary together.
//
//   Calibration calibration(network);
//   calibration.add(samples);                       // any number of recordings at the model's rate, full scale 1
//   calibration.largest(Stream::kZ);
//   calibration.moments(index, group).covariance();
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "quantization/float_network.hpp"

namespace pellucid::quantization {

/// First and second moments of vectors.
class Moments {
 public:
  explicit Moments(std::size_t size = 0) : sum_(size), products_(size * size) {}
  void add(const float* x);
  std::size_t size() const { return sum_.size(); }
  std::vector<double> mean() const;
  /// [size][size], about the mean.
  std::vector<double> covariance() const;

 private:
  void drain();
  std::vector<double> sum_, products_;
  std::vector<float> pending_;  // vectors that wait, so that products are made many at a time
  std::size_t count_ = 0;
};

class Calibration : private Watcher {
 public:
  explicit Calibration(FloatNetwork& network);
  /// From rest.
  void add(std::span<const float> samples);
  float largest(Stream stream) const { return largest_[static_cast<std::size_t>(stream)]; }
  float largest_feature() const { return largest_feature_; }
  /// group: a channel of a dense product, else 0.
  const Moments& moments(std::size_t index, std::size_t group) const { return moments_[index][group]; }
  /// Seconds of sound so far.
  double seconds() const;

 private:
  void input(std::size_t index, std::size_t group, const float* x) override { moments_[index][group].add(x); }
  void values(Stream stream, const std::vector<float>& values) override;

  FloatNetwork& network_;
  std::vector<std::vector<Moments>> moments_;
  std::array<float, static_cast<std::size_t>(Stream::kCount)> largest_ = {};
  float largest_feature_ = 0;
  std::size_t frames_ = 0;
};

}  // namespace pellucid::quantization
