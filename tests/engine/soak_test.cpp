// A day of running: what a stream that never ends may leave behind.
#include <gtest/gtest.h>

#include <array>
#include <ctime>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

constexpr std::uint32_t kRateHz = 8000;  // half the work of 16 kHz, the same network and the same number of hops
constexpr std::size_t kMinute = 60 * kRateHz;

/// As little work as an hour can be, with each kind of memory that a network has.
Model tiny_model(nn::TimeMixer mixer) {
  nn::Architecture a = small_architecture(mixer);
  a.fold = 16;
  a.channels = 4;
  a.encoder_layers = 0;
  a.bands = 4;
  a.width = 4;
  a.blocks = 1;
  a.hidden = 4;
  return make_random_model(a, 5);
}

/// Minutes of a day: speech-like noise, silence, a decay into denormals, a full-scale square wave, bad numbers.
Samples minute_of(std::size_t kind) {
  Samples samples = noise(kMinute, kind);
  const std::size_t period = 73;
  for (std::size_t i = 0; i < kMinute; ++i) {
    const auto t = static_cast<double>(i);
    if (kind == 1) samples[i] = 0.0f;
    if (kind == 2) samples[i] *= static_cast<float>(std::exp(-t / 20000.0) * 1e-20);
    if (kind == 3) samples[i] = i / period % 2 == 0 ? 1.0f : -1.0f;
    if (kind == 4 && i % 50 == 0) samples[i] = i % 100 == 0 ? std::nanf("") : HUGE_VALF;
  }
  return samples;
}

void run_for(int hours, nn::TimeMixer mixer) {
  const Model model = tiny_model(mixer);
  Session session(config_for(model, kRateHz));
  std::vector<Samples> minutes;
  for (std::size_t kind = 0; kind < 5; ++kind) minutes.push_back(minute_of(kind));
  std::array<std::clock_t, 5> spent = {};
  std::array<int, 5> count = {};
  for (int minute = 0; minute < hours * 60; ++minute) {
    // Ten minutes of a kind at a time; silence and decay are where denormals would pile up.
    const auto kind = static_cast<std::size_t>(minute / 10 % 5);
    const std::clock_t start = std::clock();
    const Samples out = session.run(minutes[kind]);
    spent[kind] += std::clock() - start;
    ++count[kind];
    float loudest = 0.0f;
    bool finite = true;
    for (const float v : out) {
      finite &= std::isfinite(v);
      loudest = std::max(loudest, std::abs(v));
    }
    ASSERT_TRUE(finite) << "minute " << minute;
    ASSERT_LE(loudest, 8.0f) << "minute " << minute;
  }
  for (std::size_t kind = 1; kind < 5; ++kind) {
    const double share = static_cast<double>(spent[kind]) / count[kind] * count[0] / static_cast<double>(spent[0]);
    EXPECT_LT(share, 5.0) << "kind " << kind << " takes " << share << " times the processor time of noise";
  }

  // After a minute of silence the day is forgotten: the same as a denoiser that has just started.
  Session fresh(config_for(model, kRateHz));
  fresh.run(minutes[1]);
  session.run(minutes[1]);
  const Samples probe = noise(kRateHz, 77), now = session.run(probe), then = fresh.run(probe);
  for (std::size_t i = 0; i < probe.size(); ++i) ASSERT_NEAR(now[i], then[i], 1e-4f) << i;
}

TEST(Soak, ADayWithAGru) { run_for(24, nn::TimeMixer::kGru); }

TEST(Soak, HoursWithConvolutions) { run_for(3, nn::TimeMixer::kConv); }

}  // namespace
}  // namespace pellucid::engine
