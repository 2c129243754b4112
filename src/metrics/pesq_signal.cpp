#include "metrics/pesq_signal.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "metrics/real_transform.hpp"

namespace pellucid::metrics::pesq {
namespace {

constexpr double kFullScale = 32768;
constexpr double kTargetPower = 1e7;
constexpr double kReferenceHz = 1000;  // where a filter given in dB has no gain

/// Straight lines between the points, in dB over Hz.
double gain_db(std::span<const FilterPoint> points, double hz) {
  if (hz >= points.back().hz) return points.back().db;
  std::size_t i = 1;
  while (points[i].hz <= hz) ++i;
  const FilterPoint &a = points[i - 1], &b = points[i];
  return a.db + (b.db - a.db) * (hz - a.hz) / (b.hz - a.hz);
}

/// The whole signal at once, without delay.
void filter_spectrum(Signal& signal, std::span<const FilterPoint> points) {
  const auto count = static_cast<std::size_t>(signal.speech_end() - kMargin + kTail);
  RealTransform transform(std::bit_ceil(count));
  std::vector<float> x(transform.size(), 0.0F), spectrum(2 * transform.bins());
  const auto begin = signal.data.begin() + kMargin;
  std::copy_n(begin, count, x.begin());
  transform.forward(x.data(), spectrum.data());
  const double hz_per_bin = static_cast<double>(kRateHz) / static_cast<double>(transform.size());
  const double reference_db = gain_db(points, kReferenceHz);
  for (std::size_t k = 0; k < transform.bins(); ++k) {
    const double db = gain_db(points, static_cast<double>(k) * hz_per_bin) - reference_db;
    const auto gain = static_cast<float>(std::pow(10.0, db / 20.0));
    spectrum[2 * k] *= gain;
    spectrum[2 * k + 1] *= gain;
  }
  transform.inverse(spectrum.data(), x.data());
  std::copy_n(x.begin(), count, begin);
}

void filter_sections(std::span<float> x, std::span<const Section> sections) {
  for (const auto& [b0, b1, b2, a1, a2] : sections) {
    float z1 = 0, z2 = 0;
    for (float& v : x) {
      const float z0 = v - a1 * z1 - a2 * z2;
      v = b0 * z0 + b1 * z1 + b2 * z2;
      z2 = z1;
      z1 = z0;
    }
  }
}

}  // namespace

Signal::Signal(std::span<const double> samples)
    : data(samples.size() + 2 * kMargin + kTail, 0.0F), length(static_cast<int>(samples.size()) + 2 * kMargin) {
  std::transform(samples.begin(), samples.end(), data.begin() + kMargin,
                 [](double v) { return static_cast<float>(kFullScale * v); });
}

double Signal::energy(int begin, int end) const {
  return std::inner_product(data.begin() + begin, data.begin() + end, data.begin() + begin, 0.0);
}

double Signal::power() const {
  const int begin = kMargin, end = speech_end() + kTail;
  return energy(begin, end) / (end - begin);
}

bool set_level(Signal& signal) {
  Signal heard = signal;
  filter_spectrum(heard, kLevelBand);
  const double power = heard.power();
  if (!(power > 0)) return false;
  const auto gain = static_cast<float>(std::sqrt(kTargetPower / power));
  for (float& v : signal.data) v *= gain;
  return true;
}

void filter_wide_band(Signal& signal) {
  constexpr int kFade = 16;
  // The fade in begins one sample early, as published.
  for (int i = 1; i < kFade; ++i) {
    const float gain = static_cast<float>(i) / kFade;
    signal.data[static_cast<std::size_t>(kMargin + i - 1)] *= gain;
    signal.data[static_cast<std::size_t>(signal.speech_end() - i)] *= gain;
  }
  const auto count = static_cast<std::size_t>(signal.speech_end() - kMargin);
  filter_sections(std::span(signal.data).subspan(kMargin, count), kWideBandInput);
}

void filter_narrow_band(Signal& signal) { filter_spectrum(signal, kHandset); }

Signal for_alignment(Signal signal) {
  const auto begin = signal.data.begin() + kMargin, end = signal.data.begin() + signal.speech_end();
  const float offset = std::accumulate(begin, end, 0.0F) / static_cast<float>(signal.length);
  std::for_each(begin, end, [&](float& v) { v -= offset; });
  for (int i = 0; i < kWindow; ++i) {
    const float gain = (0.5F + static_cast<float>(i)) / kWindow;
    begin[i] *= gain;
    end[-1 - i] *= gain;
  }
  filter_sections(signal.data, kAlignmentInput);
  return signal;
}

}  // namespace pellucid::metrics::pesq
