#include "quantization/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <limits>
#include <memory>

#include "dsp/arena.hpp"
#include "dsp/stft.hpp"

namespace pellucid::quantization {
namespace {

constexpr std::size_t kBatch = 64;

/// An analysis with memory of its own.
class Analysis {
 public:
  explicit Analysis(std::uint32_t window) {
    dsp::Arena measure;
    init(window, measure);
    memory_.reset(std::aligned_alloc(dsp::Arena::kAlignment, measure.bytes()));
    dsp::Arena arena(memory_.get(), measure.bytes());
    init(window, arena);
    stream_.reset(plan_);
  }
  void process(const float* hop, float* spectrum) { stream_.process(plan_, hop, spectrum); }

 private:
  void init(std::uint32_t window, dsp::Arena& arena) {
    plan_.init(window, arena);
    stream_.init(plan_, arena);
  }
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  dsp::StftPlan plan_;
  dsp::StftAnalysis stream_;
};

}  // namespace

void Moments::add(const float* x) {
  pending_.insert(pending_.end(), x, x + size());
  if (pending_.size() >= kBatch * size()) drain();
}

void Moments::drain() {
  const std::size_t n = size();
  std::vector<float> row(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (std::size_t at = 0; at < pending_.size(); at += n) {
      const float value = pending_[at + i];
      const float* x = pending_.data() + at;
      for (std::size_t j = 0; j <= i; ++j) row[j] += value * x[j];
      sum_[i] += value;
    }
    for (std::size_t j = 0; j <= i; ++j) products_[i * n + j] += row[j];
  }
  count_ += n > 0 ? pending_.size() / n : 0;
  pending_.clear();
}

std::vector<double> Moments::mean() const {
  Moments all = *this;
  all.drain();
  std::vector<double> mean = all.sum_;
  for (double& value : mean) value /= static_cast<double>(std::max<std::size_t>(all.count_, 1));
  return mean;
}

std::vector<double> Moments::covariance() const {
  Moments all = *this;
  all.drain();
  const std::size_t n = size();
  const auto count = static_cast<double>(std::max<std::size_t>(all.count_, 1));
  std::vector<double> covariance(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = all.products_[i * n + j] / count - all.sum_[i] / count * (all.sum_[j] / count);
      covariance[i * n + j] = covariance[j * n + i] = value;
    }
  }
  return covariance;
}

Calibration::Calibration(FloatNetwork& network) : network_(network) {
  for (const FloatProduct& product : network.products()) {
    moments_.emplace_back(product.spec.use == nn::ProductUse::kDense ? network.architecture().width : 1,
                          Moments(product.spec.columns));
  }
}

void Calibration::values(Stream stream, const std::vector<float>& values) {
  float& largest = largest_[static_cast<std::size_t>(stream)];
  for (const float value : values)
    largest = std::isnan(value) ? std::numeric_limits<float>::infinity() : std::max(largest, std::abs(value));
}

double Calibration::seconds() const {
  const nn::Architecture& a = network_.architecture();
  return static_cast<double>(frames_) * a.hop_samples / a.sample_rate_hz;
}

void Calibration::add(std::span<const float> samples) {
  const nn::Architecture& a = network_.architecture();
  const std::size_t bins = a.bins();
  network_.reset();
  Analysis analysis(a.window_samples);
  std::vector<float> spectrum(2 * bins + 2), features(3 * bins);
  for (std::size_t at = 0; at + a.hop_samples <= samples.size(); at += a.hop_samples) {
    analysis.process(samples.data() + at, spectrum.data());
    for (std::size_t k = 0; k < bins; ++k) {
      const double re = spectrum[2 * k], im = spectrum[2 * k + 1], power = re * re + im * im + 1e-12;
      const double gain = std::pow(power, (a.compression - 1) / 2);
      features[3 * k] = static_cast<float>(re * gain);
      features[3 * k + 1] = static_cast<float>(im * gain);
      features[3 * k + 2] = static_cast<float>(gain * std::sqrt(power));
      largest_feature_ = std::max(largest_feature_, features[3 * k + 2]);
    }
    network_.process_frame(features, *this);
    ++frames_;
  }
}

}  // namespace pellucid::quantization
