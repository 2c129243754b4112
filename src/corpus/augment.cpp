#include "corpus/augment.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>

namespace pellucid::corpus {
namespace {

constexpr double kPi = std::numbers::pi;

// Denormals left by a pause would slow everything behind it by a factor of a hundred: they are looked for this often.
constexpr std::size_t kBlock = 64;
constexpr float kDenormal = 1e-18f;

// One section or two: the samples stay in registers, the sections overlap in the pipeline.
template <int kCount>
void run(const Biquad* sections, std::span<float> x) {
  Biquad c[kCount];
  float s1[kCount] = {}, s2[kCount] = {};
  for (int k = 0; k < kCount; ++k) c[k] = sections[k];
  for (std::size_t start = 0; start < x.size(); start += kBlock) {
    const std::size_t end = std::min(start + kBlock, x.size());
    for (std::size_t i = start; i < end; ++i) {
      float v = x[i];
      for (int k = 0; k < kCount; ++k) {
        const float y = c[k].b0 * v + s1[k];
        s1[k] = c[k].b1 * v - c[k].a1 * y + s2[k];
        s2[k] = c[k].b2 * v - c[k].a2 * y;
        v = y;
      }
      x[i] = v;
    }
    for (int k = 0; k < kCount; ++k) {
      if (std::fabs(s1[k]) < kDenormal) s1[k] = 0;
      if (std::fabs(s2[k]) < kDenormal) s2[k] = 0;
    }
  }
}

typedef float Four __attribute__((vector_size(16)));

// Four sections as the lanes of a vector: while section k takes sample i, section k + 1 takes sample i - 1.
struct FourSections {
  Four b0, b1, b2, a1, a2, s1{}, s2{}, y{};

  explicit FourSections(const Biquad* c)
      : b0{c[0].b0, c[1].b0, c[2].b0, c[3].b0},
        b1{c[0].b1, c[1].b1, c[2].b1, c[3].b1},
        b2{c[0].b2, c[1].b2, c[2].b2, c[3].b2},
        a1{c[0].a1, c[1].a1, c[2].a1, c[3].a1},
        a2{c[0].a2, c[1].a2, c[2].a2, c[3].a2} {}

  void take(Four v) {
    y = b0 * v + s1;
    s1 = b1 * v - a1 * y + s2;
    s2 = b2 * v - a2 * y;
  }

  void flush() {
    for (int k = 0; k < 4; ++k) {
      if (std::fabs(s1[k]) < kDenormal) s1[k] = 0;
      if (std::fabs(s2[k]) < kDenormal) s2[k] = 0;
    }
  }
};

// Up to eight sections; those that are missing pass everything.
void run_side_by_side(const BiquadCascade& cascade, std::span<float> x) {
  FourSections low(cascade.sections), high(cascade.sections + 4);
  const auto step = [&](float next) {
    // Both take what was there before.
    const Four upper = __builtin_shufflevector(low.y, high.y, 3, 4, 5, 6);
    low.take(__builtin_shufflevector(Four{next}, low.y, 0, 4, 5, 6));
    high.take(upper);
    return high.y[3];
  };
  constexpr std::size_t kDelay = BiquadCascade::kMax - 1;
  std::size_t taken = 0;
  for (; taken < std::min(kDelay, x.size()); ++taken) step(x[taken]);
  while (taken < x.size()) {
    const std::size_t end = std::min(taken + kBlock, x.size());
    for (; taken < end; ++taken) x[taken - kDelay] = step(x[taken]);
    low.flush();
    high.flush();
  }
  for (; taken < x.size() + kDelay; ++taken) {
    const float out = step(0);
    if (taken >= kDelay) x[taken - kDelay] = out;
  }
}

// Section k of a Butterworth filter of even order by the bilinear transform.
Biquad butterworth(int order, int k, double edge_hz, double rate_hz, bool high) {
  const double w = std::tan(kPi * std::min(edge_hz / rate_hz, 0.49));
  const double damping = 2 * std::sin(kPi * (2 * k + 1) / (2.0 * order));
  const double norm = 1 / (1 + damping * w + w * w);
  const double gain = high ? norm : w * w * norm;
  return {static_cast<float>(gain), static_cast<float>(high ? -2 * gain : 2 * gain), static_cast<float>(gain),
          static_cast<float>(2 * (w * w - 1) * norm), static_cast<float>((1 - damping * w + w * w) * norm)};
}

}  // namespace

void run_filter(const BiquadCascade& cascade, std::span<float> x) {
  const Biquad* s = cascade.sections;
  if (cascade.count == 1) return run<1>(s, x);
  if (cascade.count == 2) return run<2>(s, x);
  if (cascade.count > 2) run_side_by_side(cascade, x);
}

Biquad bandpass(double center_hz, double q, double rate_hz) {
  const double w = 2 * kPi * std::min(center_hz / rate_hz, 0.49);
  const double alpha = std::sin(w) / (2 * q);
  const double norm = 1 / (1 + alpha);
  return {static_cast<float>(alpha * norm), 0, static_cast<float>(-alpha * norm),
          static_cast<float>(-2 * std::cos(w) * norm), static_cast<float>((1 - alpha) * norm)};
}

BiquadCascade lowpass(double edge_hz, double rate_hz) {
  BiquadCascade cascade;
  for (int k = 0; k < 8; ++k) cascade.add(butterworth(16, k, edge_hz, rate_hz, false));
  return cascade;
}

BiquadCascade highpass(double edge_hz, double rate_hz) {
  BiquadCascade cascade;
  for (int k = 0; k < 2; ++k) cascade.add(butterworth(4, k, edge_hz, rate_hz, true));
  return cascade;
}

BiquadCascade random_equalizer(Random& rng) {
  const auto draw = [&] { return static_cast<float>(rng.uniform(-0.375, 0.375)); };
  Biquad section;
  section.b1 = draw();
  section.b2 = draw();
  section.a1 = draw();
  section.a2 = draw();
  BiquadCascade cascade;
  cascade.add(section);
  return cascade;
}

GainRamp random_gain_ramp(Random& rng, double range_db) {
  GainRamp ramp;
  ramp.points = random_int(rng, 2, static_cast<int>(std::size(ramp.db)));
  for (int k = 0; k < ramp.points; ++k) ramp.db[k] = rng.uniform(-range_db, range_db);
  return ramp;
}

void apply_ramp(const GainRamp& ramp, std::span<float> x) {
  if (ramp.points == 0) return;
  const auto lines = static_cast<std::size_t>(ramp.points - 1);
  double from_db = ramp.db[0];
  for (std::size_t k = 0; k < lines; ++k) {
    const double to_db = ramp.db[k + 1];
    const std::size_t start = x.size() * k / lines, end = x.size() * (k + 1) / lines;
    if (end == start) continue;
    double gain = std::pow(10, from_db / 20);
    const double step = std::pow(10, (to_db - from_db) / (20 * static_cast<double>(end - start)));
    for (std::size_t i = start; i < end; ++i, gain *= step) x[i] *= static_cast<float>(gain);
    from_db = to_db;
  }
}

void change_speed(std::span<const float> x, double speed, std::span<float> out) {
  constexpr int kTaps = 16, kPhases = 64, kFours = kTaps / 4;
  // One table of the shifted kernels, linear between its rows.
  Four table[kPhases + 1][kFours], ahead[kPhases][kFours];
  const double cutoff = std::min(1.0, 1 / speed) * 0.95;
  for (int p = 0; p <= kPhases; ++p) {
    double sum = 0, row[kTaps];
    for (int k = 0; k < kTaps; ++k) {
      const double t = k - (kTaps / 2 - 1) - static_cast<double>(p) / kPhases;
      const double window = std::fabs(t) < kTaps / 2 ? 0.5 + 0.5 * std::cos(2 * kPi * t / kTaps) : 0;
      row[k] = window * (std::fabs(t) < 1e-9 ? cutoff : std::sin(kPi * cutoff * t) / (kPi * t));
      sum += row[k];
    }
    for (int k = 0; k < kTaps; ++k) table[p][k / 4][k % 4] = static_cast<float>(row[k] / sum);
  }
  for (int p = 0; p < kPhases; ++p)
    for (int q = 0; q < kFours; ++q) ahead[p][q] = table[p + 1][q] - table[p][q];
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) * speed;
    const auto whole = static_cast<std::int64_t>(at);
    const double phase = (at - static_cast<double>(whole)) * kPhases;
    const auto p = static_cast<int>(phase);
    const auto part = static_cast<float>(phase - p);
    Four from[kFours];
    std::memcpy(from, x.data() + whole, sizeof from);
    const auto product = [&](int q) { return (table[p][q] + part * ahead[p][q]) * from[q]; };
    const Four sum = (product(0) + product(2)) + (product(1) + product(3));
    out[i] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
}

void clip_hard(float limit, std::span<float> x) {
  for (float& v : x) v = std::clamp(v, -limit, limit);
}

void clip_soft(float limit, std::span<float> x) {
  for (float& v : x) v = limit * std::tanh(v / limit);
}

void quantize_linear(int bits, std::span<float> x) {
  const float scale = static_cast<float>(1 << (bits - 1));
  for (float& v : x) v = std::clamp(std::nearbyint(v * scale), -scale, scale - 1) / scale;
}

void quantize_mu_law(std::span<float> x) {
  constexpr float kMu = 255;
  const float norm = std::log1p(kMu);
  for (float& v : x) {
    const float magnitude = std::log1p(kMu * std::min(std::fabs(v), 1.0f)) / norm;
    const float code = std::nearbyint(magnitude * 127) / 127;
    v = std::copysign(std::expm1(code * norm) / kMu, v);
  }
}

}  // namespace pellucid::corpus
