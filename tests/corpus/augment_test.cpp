#include "corpus/augment.hpp"

#include <gtest/gtest.h>

#include <set>

#include "corpus/mix.hpp"
#include "corpus/room.hpp"
#include "mix_memory.hpp"

namespace pellucid::corpus {
namespace {

constexpr int kRate = 16000;

std::vector<float> sine(double hz, double amplitude, std::size_t size = kRate) {
  std::vector<float> x(size);
  for (std::size_t i = 0; i < size; ++i)
    x[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kRate));
  return x;
}

// Gain in dB for a sine, once it has settled.
double gain_db(const BiquadCascade& cascade, double hz) {
  auto x = sine(hz, 1);
  run_filter(cascade, x);
  return 20 * std::log10(rms(std::span(x).subspan(kRate / 2)) / std::sqrt(0.5));
}

TEST(Augment, LowpassKeepsWhatIsBelowAndRemovesWhatIsAbove) {
  for (const double edge : {3400.0, 4000.0, 5500.0}) {
    const BiquadCascade cascade = lowpass(edge, kRate);
    EXPECT_NEAR(gain_db(cascade, 200), 0, 0.05);
    EXPECT_NEAR(gain_db(cascade, edge * 0.85), 0, 0.5);
    EXPECT_NEAR(gain_db(cascade, edge), -3, 0.2);
    EXPECT_LT(gain_db(cascade, edge * 1.4), -45);
  }
  EXPECT_NEAR(gain_db(lowpass(7000, kRate), 5500), 0, 0.5);
}

TEST(Augment, HighpassRemovesRumble) {
  const BiquadCascade cascade = highpass(200, kRate);
  EXPECT_NEAR(gain_db(cascade, 1000), 0, 0.1);
  EXPECT_NEAR(gain_db(cascade, 200), -3, 0.2);
  EXPECT_LT(gain_db(cascade, 50), -40);
}

TEST(Augment, BandpassPeaksAtItsCentre) {
  BiquadCascade cascade;
  cascade.add(bandpass(1000, 2, kRate));
  EXPECT_NEAR(gain_db(cascade, 1000), 0, 0.05);
  EXPECT_NEAR(gain_db(cascade, 1000 * 1.2808), -3, 0.2) << "the upper edge of a band of centre / 2";
  EXPECT_LT(gain_db(cascade, 4000), -12);
}

TEST(Augment, CascadesOfEveryLengthAgreeWithTheirSections) {
  Random rng(1);
  for (int count = 0; count <= BiquadCascade::kMax; ++count) {
    BiquadCascade all;
    auto apart = hiss(3, 3000);
    auto fused = apart;
    for (int k = 0; k < count; ++k) {
      const BiquadCascade one = random_equalizer(rng);
      all.add(one.sections[0]);
      run_filter(one, apart);
    }
    run_filter(all, fused);
    for (std::size_t i = 0; i < fused.size(); ++i) ASSERT_NEAR(fused[i], apart[i], 1e-5) << count;
  }
}

TEST(Augment, CascadesTakeTheShortestSignals) {
  const BiquadCascade eight = lowpass(4000, kRate);
  auto whole = hiss(5, 40);
  const auto x = whole;
  run_filter(eight, whole);
  for (std::size_t size = 0; size < x.size(); ++size) {
    std::vector<float> part(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(size));
    run_filter(eight, part);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(part[i], whole[i]) << size << " " << i;
  }
}

TEST(Augment, EqualizersChangeColourWithinReason) {
  double lowest = 0, highest = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random rng(seed);
    const BiquadCascade cascade = random_equalizer(rng);
    for (const double hz : {50.0, 500.0, 2000.0, 7800.0}) {
      const double gain = gain_db(cascade, hz);
      lowest = std::min(lowest, gain);
      highest = std::max(highest, gain);
    }
  }
  EXPECT_LT(lowest, -3);
  EXPECT_GT(highest, 3);
  EXPECT_GT(lowest, -25);
  EXPECT_LT(highest, 20);
}

TEST(Augment, GainRampsMoveSlowlyAndEquallyOnBoth) {
  bool moved = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> a(kRate, 1.0f), b(kRate, 0.5f);
    Random rng(seed);
    const GainRamp ramp = random_gain_ramp(rng, 10);
    apply_ramp(ramp, a);
    apply_ramp(ramp, b);
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_NEAR(b[i], 0.5f * a[i], 1e-6);
      ASSERT_LE(std::fabs(20 * std::log10(static_cast<double>(a[i]))), 10.01);
      if (i > 0) {
        ASSERT_LT(std::fabs(20 * std::log10(static_cast<double>(a[i] / a[i - 1]))), 20 / (kRate / 4.0) * 1.1);
      }
    }
    moved |= std::fabs(20 * std::log10(static_cast<double>(a.front() / a.back()))) > 3;
  }
  EXPECT_TRUE(moved);
}

TEST(Augment, SpeedMovesFrequenciesAndKeepsLevels) {
  for (const double speed : {0.7, 0.93, 1.15, 1.4}) {
    const auto x = sine(1000, 0.5, 2 * kRate);
    std::vector<float> y(kRate);
    change_speed(x, speed, y);
    double worst = 0;
    for (std::size_t i = 20; i < y.size(); ++i) {
      const double t = static_cast<double>(i) * speed + 7;  // the kernel's middle
      const double expected = 0.5 * std::sin(2 * std::numbers::pi * 1000 * t / kRate);
      worst = std::max(worst, std::fabs(static_cast<double>(y[i]) - expected));
    }
    EXPECT_LT(worst, 0.003) << speed;
  }
  std::vector<float> y(kRate);
  change_speed(sine(7500, 0.5, 2 * kRate), 1.4, y);  // would be 10.5 kHz
  EXPECT_LT(rms(y), 0.5 / std::sqrt(2) * 0.1);
  for (float& v : y) v = 0;
  change_speed(std::vector<float>(2 * kRate, 0.25f), 1.2, y);
  for (const float v : y) ASSERT_NEAR(v, 0.25, 1e-5);
}

TEST(Augment, HardClippingLimitsAndTouchesNothingElse) {
  const auto x = sine(440, 0.8);
  auto y = x;
  clip_hard(0.5f, y);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], std::clamp(x[i], -0.5f, 0.5f));
}

TEST(Augment, SoftClippingBendsBelowItsLimit) {
  const auto x = sine(440, 0.8);
  auto y = x;
  clip_soft(0.5f, y);
  EXPECT_LT(peak(y), 0.5);
  EXPECT_NEAR(peak(y), 0.5 * std::tanh(1.6), 1e-3);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::fabs(x[i]) < 0.02f) {
      ASSERT_NEAR(y[i], x[i], 1e-4);
    }
  }
}

TEST(Augment, LinearQuantisationRoundsToSteps) {
  for (const int bits : {8, 12, 16}) {
    const auto x = hiss(1, 5000, 0.2);
    auto y = x;
    quantize_linear(bits, y);
    const double step = std::ldexp(1.0, 1 - bits);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double steps = static_cast<double>(y[i]) / step;
      ASSERT_EQ(steps, std::round(steps));
      ASSERT_LE(std::fabs(y[i] - x[i]), step / 2 + 1e-7);
    }
  }
  std::vector<float> loud{2.0f, -2.0f};
  quantize_linear(8, loud);
  EXPECT_EQ(loud[0], 127.0f / 128);
  EXPECT_EQ(loud[1], -1.0f);
}

TEST(Augment, MuLawKeepsItsSignalToNoiseRatioOverLevels) {
  for (const double level : {0.5, 0.1, 0.02}) {
    const auto x = sine(997, level);
    auto y = x;
    quantize_mu_law(y);
    EXPECT_LE((std::set<float>(y.begin(), y.end()).size()), 255u);
    const double snr_db = 20 * std::log10(rms(x) / rms(difference(x, y)));
    EXPECT_GT(snr_db, 27) << level;
    EXPECT_LT(snr_db, 42) << level;
  }
}

TEST(Room, ConvolutionEqualsItsDefinition) {
  for (const auto [size, taps_a, taps_b] :
       {std::array<std::size_t, 3>{1, 1, 1}, {100, 7, 3}, {1000, 400, 50}, {700, 900, 1200}, {3000, 129, 0}}) {
    const auto x = hiss(1, size, 1), a = hiss(2, taps_a, 0.3), b = hiss(3, taps_b, 0.3);
    std::vector<float> y_a(size), y_b(size);
    convolve_two(x, a, b, y_a, y_b);
    for (std::size_t i = 0; i < size; ++i) {
      double sum_a = 0, sum_b = 0;
      for (std::size_t k = 0; k <= i; ++k) {
        if (k < taps_a) sum_a += static_cast<double>(a[k]) * static_cast<double>(x[i - k]);
        if (k < taps_b) sum_b += static_cast<double>(b[k]) * static_cast<double>(x[i - k]);
      }
      ASSERT_NEAR(y_a[i], sum_a, 2e-5) << size << ' ' << i;
      ASSERT_NEAR(y_b[i], sum_b, 2e-5) << size << ' ' << i;
    }
  }
}

TEST(Room, SoundDiesByTheTimeThatWasAsked) {
  for (const double rt60_s : {0.2, 0.4, 0.8}) {
    Random rng(7);
    const auto h = simulate_room({4, 5, 2.6, rt60_s, 1.5}, kRate, rng);
    EXPECT_EQ(h[0], 1.0f) << "the direct sound comes first";
    // Schroeder's backward integral; the decay from -5 to -25 dB, extrapolated.
    std::vector<double> left(h.size());
    double sum = 0;
    for (std::size_t i = h.size(); i-- > 0;) left[i] = sum += static_cast<double>(h[i]) * static_cast<double>(h[i]);
    std::size_t at5 = 0, at25 = 0;
    for (std::size_t i = 0; i < h.size(); ++i) {
      if (db(left[i] / left[0]) > -5) at5 = i;
      if (db(left[i] / left[0]) > -25) at25 = i;
    }
    EXPECT_NEAR(3 * static_cast<double>(at25 - at5) / kRate, rt60_s, 0.25 * rt60_s);
  }
}

TEST(Room, FartherIsMoreReverberant) {
  const auto direct_to_rest_db = [](double distance_m) {
    Random rng(3);
    const auto h = simulate_room({6, 7, 3, 0.5, distance_m}, kRate, rng);
    double rest = 0;
    for (std::size_t i = 20; i < h.size(); ++i) rest += static_cast<double>(h[i]) * static_cast<double>(h[i]);
    return -db(rest);
  };
  EXPECT_GT(direct_to_rest_db(0.3), direct_to_rest_db(1.0) + 4);
  EXPECT_GT(direct_to_rest_db(1.0), direct_to_rest_db(3.0) + 4);
}

TEST(Room, RandomRoomsAreRooms) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random rng(seed);
    const Room room = random_room(rng);
    EXPECT_GE(room.rt60_s, 0.1);
    EXPECT_LE(room.rt60_s, 0.8);
    EXPECT_LT(room.distance_m, room.width_m);
    if (seed < 20) {
      for (const float v : simulate_room(room, kRate, rng)) ASSERT_TRUE(std::isfinite(v));
    }
  }
}

}  // namespace
}  // namespace pellucid::corpus
