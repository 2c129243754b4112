#include "training/disturbance.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "metrics/pesq_loudness.hpp"
#include "metrics/pesq_tables.hpp"

namespace pellucid::training {
namespace {

namespace pesq = metrics::pesq;

constexpr double kRate = 16000, kFrame = 512;

/// |H|^2 of the filter for headphones.
double headphones(double hz) {
  const auto z = std::polar(1.0, -2 * std::numbers::pi * hz / kRate);
  double power = 1;
  for (const pesq::Section& s : pesq::kWideBandInput) {
    power *= std::norm((double(s[0]) + (double(s[1]) + double(s[2]) * z) * z) /
                       (1.0 + (double(s[3]) + double(s[4]) * z) * z));
  }
  return power;
}

/// Of one frame: its two disturbances and their gradients.
class Comparison {
 public:
  explicit Comparison(const Hearing& hearing)
      : bands_(hearing.bands), of_symmetric_(bands_.size()), of_asymmetric_(bands_.size()) {
    for (const HearingBand& b : bands_) total_width_ += b.width;
  }

  void operator()(const float* x, const float* y) {
    const float x_heard = audible(x), y_heard = audible(y);
    const float ratio = (x_heard + kGainFloor) / (y_heard + kGainFloor);
    const float gain = std::clamp(ratio, kLeastGain, kMostGain);
    const float weight = std::pow((x_heard + kWeightFloor) / kWeightUnit, kWeightPower);
    double squares = 0, sum = 0;
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      const HearingBand& band = bands_[b];
      float ds = 0, dh = 0;
      const float level = gain * y[b], xs = sone(band, x[b], nullptr), ys = sone(band, level, &ds);
      const float d = ys - xs, masked = kMasked * std::min(xs, ys);
      const float difference = d > masked ? d - masked : d < -masked ? d + masked : 0.0f;
      const float slope = d > masked ? ds : d < -masked ? (1 + kMasked) * ds : 0.0f;
      float h = std::pow((level + kAsymmetryFloor) / (x[b] + kAsymmetryFloor), kAsymmetryPower);
      if (h < kLeastAsymmetry)
        h = 0;
      else if (h < kMostAsymmetry)
        dh = kAsymmetryPower * h / (level + kAsymmetryFloor);
      else
        h = kMostAsymmetry;
      const float wide = difference * band.width;
      squares += double(wide) * wide;
      sum += std::abs(wide) * h;
      of_symmetric_[b] = wide * band.width * slope;
      of_asymmetric_[b] = (difference < 0 ? -band.width : band.width) * (slope * h + difference * dh);
    }
    symmetric = float(std::sqrt(total_width_ * squares)) * weight;
    asymmetric = float(sum) * weight;
    const float of_squares = squares > 0 ? float(std::sqrt(total_width_ / squares)) * weight : 0.0f;
    symmetric_slope_ = symmetric < kMostDisturbance ? of_squares : 0.0f;
    asymmetric_slope_ = asymmetric < kMostDisturbance ? weight : 0.0f;
    symmetric = std::min(symmetric, kMostDisturbance);
    asymmetric = std::min(asymmetric, kMostDisturbance);
    gain_ = gain;
    gain_slope_ = gain == ratio ? -gain / (y_heard + kGainFloor) : 0.0f;
  }

  void add_gradient(float of_symmetric, float of_asymmetric, const float* y, float* dy) const {
    const float s = of_symmetric * symmetric_slope_, a = of_asymmetric * asymmetric_slope_;
    float of_gain = 0;
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      const float of_level = s * of_symmetric_[b] + a * of_asymmetric_[b];
      dy[b] += gain_ * of_level;
      of_gain += y[b] * of_level;
    }
    for (std::size_t b = 0; b < bands_.size(); ++b)
      if (y[b] > bands_[b].threshold) dy[b] += of_gain * gain_slope_;
  }

  float symmetric = 0, asymmetric = 0;

 private:
  float audible(const float* density) const {
    float sum = 0;
    for (std::size_t b = 0; b < bands_.size(); ++b)
      if (density[b] > bands_[b].threshold) sum += density[b];
    return sum;
  }

  static float sone(const HearingBand& band, float density, float* slope) {
    if (density <= band.threshold) return 0;
    const float base = 0.5f + 0.5f * density / band.threshold, power = std::pow(base, band.exponent);
    if (slope) *slope = band.sone * band.exponent * power / base * 0.5f / band.threshold;
    return band.sone * (power - 1);
  }

  const std::vector<HearingBand>& bands_;
  double total_width_ = 0;
  std::vector<float> of_symmetric_, of_asymmetric_;
  float symmetric_slope_ = 0, asymmetric_slope_ = 0, gain_ = 0, gain_slope_ = 0;
};

/// The norms over time of `frames` values; their gradient to `gradient`.
double over_time(const std::vector<float>& values, int syllable, std::vector<float>* gradient) {
  const int frames = int(values.size());
  gradient->assign(values.size(), 0.0f);
  double squares = 0;
  int count = 0;
  for (int begin = 0; begin < frames; begin += syllable / 2, ++count) {
    const int end = std::min(begin + syllable, frames);
    double sum = 0;
    for (int f = begin; f < end; ++f) {
      const double cube = double(values[f]) * values[f] * values[f];
      sum += cube * cube;
    }
    if (sum <= 0) continue;
    const double norm = std::pow(sum / syllable, 1.0 / 6);
    squares += norm * norm;
    for (int f = begin; f < end; ++f) {
      const double part = values[f] / norm, square = part * part;
      (*gradient)[f] += float(square * square * part * norm / syllable);
    }
  }
  const double norm = count > 0 ? std::sqrt(squares / count) : 0.0;
  for (float& g : *gradient) g = norm > 0 ? float(g / (norm * count)) : 0.0f;
  return norm;
}

}  // namespace

Hearing hearing(int bins, int sample_rate_hz, int hop_samples) {
  Hearing h;
  h.syllable = std::max(2, int(std::lround(0.32 * sample_rate_hz / hop_samples)));
  const double bin_hz = sample_rate_hz / (2.0 * bins);
  // The measure's own window has powers whose mean is 3/8, over a transform of 512.
  const double power = 0.375 * 2 * (kFrame / (2.0 * bins)) * (kFrame / (2.0 * bins));
  const int low = int(std::ceil(350 / bin_hz)), high = int(std::floor(3250 / bin_hz));
  for (int k = 0; k < bins; ++k) {
    h.bins.push_back(float(power * headphones(std::min(k * bin_hz, kRate / 2))));
    // Mean power of samples from the sum over positive frequencies: 2 / (transform size * sum of the window's powers).
    h.level.push_back(k >= low && k <= high ? float(1.0 / (double(bins) * bins)) : 0.0f);
  }
  double hz = 0;
  const auto exponents = pesq::loudness_exponents();
  for (std::size_t b = 0; b < pesq::kBarkBands.size(); ++b) {
    const pesq::BarkBand& band = pesq::kBarkBands[b];
    const double end = hz + band.bins * kRate / kFrame;
    // A bin of the measure stands for the frequencies around it.
    const auto edge = [&](double at) {
      return std::clamp(int(std::ceil((at - 0.5 * kRate / kFrame) / bin_hz - 1e-9)), 0, bins);
    };
    const HearingBand heard{edge(hz),
                            edge(end),
                            float(band.density_gain * pesq::kPitchGain),
                            float(band.hearing_power),
                            float(pesq::kLoudnessGain * std::pow(band.hearing_power / 0.5, exponents[b])),
                            float(exponents[b]),
                            float(band.width_bark)};
    hz = end;
    if (b > 0 && heard.low < heard.high) h.bands.push_back(heard);
  }
  return h;
}

float listening_gain(const Hearing& hearing, int frames, const float* power) {
  const int bins = int(hearing.bins.size());
  double sum = 0;
  for (int t = 0; t < frames; ++t)
    for (int k = 0; k < bins; ++k) sum += double(hearing.level[k]) * power[t * bins + k];
  return sum > kSilentLevel * frames ? float(kListeningLevel * frames / sum) : 0.0f;
}

double disturbance(const Hearing& hearing, int frames, const float* x, const float* y, float scale, float* dy) {
  const auto bands = hearing.bands.size();
  std::vector<Comparison> compared;
  compared.reserve(std::size_t(frames));
  std::vector<float> symmetric, asymmetric, of_symmetric, of_asymmetric;
  for (int t = 0; t < frames; ++t) {
    Comparison& frame = compared.emplace_back(hearing);
    frame(x + t * bands, y + t * bands);
    symmetric.push_back(frame.symmetric);
    asymmetric.push_back(frame.asymmetric);
  }
  const double value = kSymmetricWeight * over_time(symmetric, hearing.syllable, &of_symmetric) +
                       kAsymmetricWeight * over_time(asymmetric, hearing.syllable, &of_asymmetric);
  for (int t = 0; t < frames; ++t) {
    compared[t].add_gradient(scale * kSymmetricWeight * of_symmetric[t], scale * kAsymmetricWeight * of_asymmetric[t],
                             y + t * bands, dy + t * bands);
  }
  return value;
}

}  // namespace pellucid::training
