#include "metrics/pesq_correlation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace pellucid::metrics::pesq {

std::span<const float> Correlator::circular(std::span<const float> a, std::span<const float> b, std::size_t size) {
  std::unique_ptr<RealTransform>& transform = transforms_[size];
  if (!transform) transform = std::make_unique<RealTransform>(size);
  const auto spectrum = [&](std::span<const float> in, std::vector<float>& out) {
    x_.assign(size, 0.0F);
    std::copy(in.begin(), in.end(), x_.begin());
    out.resize(2 * transform->bins());
    transform->forward(x_.data(), out.data());
  };
  spectrum(a, a_);
  spectrum(b, b_);
  for (std::size_t k = 0; k < transform->bins(); ++k) {
    const float ar = a_[2 * k], ai = a_[2 * k + 1], br = b_[2 * k], bi = b_[2 * k + 1];
    a_[2 * k] = ar * br + ai * bi;
    a_[2 * k + 1] = ar * bi - ai * br;
  }
  transform->inverse(a_.data(), x_.data());
  return x_;
}

int Correlator::best_lag(std::span<const float> a, std::span<const float> b) {
  const int before = static_cast<int>(a.size()) - 1, after = static_cast<int>(b.size()) - 1;
  if (before < 1 || after < 1) return 0;
  const int size = static_cast<int>(std::bit_ceil(a.size() + b.size()));
  const std::span<const float> r = circular(a, b, static_cast<std::size_t>(size));
  float best = 0;
  int lag = 0;
  for (int k = -before; k <= after; ++k) {
    const float value = r[static_cast<std::size_t>((k + size) % size)];
    if (value <= best) continue;
    best = value;
    lag = k;
  }
  return lag;
}

DelayHistogram::DelayHistogram(Correlator& correlator)
    : correlator_(correlator), window_(kFrame), a_(kFrame), b_(kFrame), votes_(kFrame, 0.0F) {
  for (int i = 0; i < kFrame; ++i) {
    window_[static_cast<std::size_t>(i)] =
        static_cast<float>(0.5 * (1.0 - std::cos(2.0 * std::numbers::pi * i / kFrame)));
  }
}

void DelayHistogram::add(const Signal& reference, int reference_begin, const Signal& degraded, int degraded_begin) {
  constexpr float kNearTheLargest = 0.99F, kVotePower = 0.125F;
  constexpr int kWidth = kFrame / 64;
  const auto windowed = [&](const Signal& signal, int begin, std::vector<float>& out) {
    std::transform(window_.begin(), window_.end(), signal.data.begin() + begin, out.begin(), std::multiplies<>());
  };
  windowed(reference, reference_begin, a_);
  windowed(degraded, degraded_begin, b_);
  const std::span<const float> r = correlator_.circular(a_, b_, kFrame);
  float largest = 0;
  for (float v : r) largest = std::max(largest, std::abs(v));
  const float least = kNearTheLargest * largest, vote = std::pow(least, kVotePower);
  for (int i = 0; i < kFrame; ++i) {
    if (std::abs(r[static_cast<std::size_t>(i)]) <= least) continue;
    sum_ += vote;
    for (int k = 1 - kWidth; k < kWidth; ++k) {
      votes_[static_cast<std::size_t>((i + k + kFrame) % kFrame)] +=
          vote * (1.0F - static_cast<float>(std::abs(k)) / kWidth);
    }
  }
}

int DelayHistogram::peak() const {
  return static_cast<int>(std::max_element(votes_.begin(), votes_.end()) - votes_.begin());
}

int DelayHistogram::delay() const {
  const int at = peak();
  return at >= kFrame / 2 ? at - kFrame : at;
}

double DelayHistogram::confidence() const { return sum_ > 0 ? votes_[static_cast<std::size_t>(peak())] / sum_ : 0.0; }

}  // namespace pellucid::metrics::pesq
