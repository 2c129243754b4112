#include "engine/integer_denoiser.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "../nn/owned_integer_network.hpp"
#include "../nn/random_integer_model.hpp"

namespace pellucid::engine {
namespace {

using nn::FreqMixer;
using nn::TimeMixer;
using Samples = std::vector<std::int16_t>;

class Owned {
 public:
  explicit Owned(const std::vector<std::uint8_t>& bytes, const nn::IntegerKernels& kernels = nn::kScalarIntegerKernels)
      : model_(bytes, kernels) {
    EXPECT_TRUE(model_.ok) << model_.error.detail;
    state_ = nn::test::aligned_bytes(IntegerDenoiser::state_bytes(model_.model.architecture));
    scratch_ = nn::test::aligned_bytes(IntegerDenoiser::scratch_bytes(model_.model.architecture));
    denoiser.init(model_.model, kernels, state_.get(), scratch_.get());
  }
  /// Whole hops, not aligned.
  Samples process(Samples samples) {
    const std::size_t hop = denoiser.hop_samples();
    for (std::size_t at = 0; at + hop <= samples.size(); at += hop) denoiser.process(&samples[at], &samples[at]);
    return samples;
  }
  /// What others do with the memory that is theirs between hops.
  void spoil_scratch(std::uint64_t seed) {
    nn::test::Random random(seed);
    std::uint8_t* bytes = scratch_.get();
    for (std::size_t i = 0; i < IntegerDenoiser::scratch_bytes(model_.model.architecture); ++i)
      bytes[i] = static_cast<std::uint8_t>(random.below(256));
  }
  IntegerDenoiser denoiser;

 private:
  nn::test::OwnedIntegerModel model_;
  nn::test::OwnedBytes state_, scratch_;
};

Samples noise(std::size_t count, std::uint32_t seed, int bits = 14) {
  Samples samples(count);
  for (std::int16_t& x : samples) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<std::int16_t>(static_cast<std::int32_t>(seed) >> (32 - bits));
  }
  return samples;
}

std::vector<std::uint8_t> model(TimeMixer time = TimeMixer::kGru, FreqMixer freq = FreqMixer::kDense,
                                const nn::test::IntegerEdit& edit = {}) {
  return nn::test::make_random_integer_model(nn::test::small_architecture(time, freq), 1, {}, edit);
}

/// A mask of `value`, real, in every bin.
nn::test::IntegerEdit constant_mask(int value) {
  return [value](const std::string& name, std::vector<std::uint8_t>& bytes) {
    if (name == "out.weight") std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    if (name == "out.bias") {
      for (std::size_t row = 0; row < bytes.size() / 4; ++row) {
        const std::int32_t start = row % 2 == 0 ? 2 * value : 0;
        for (int i = 0; i < 4; ++i) bytes[4 * row + i] = static_cast<std::uint8_t>(start >> (8 * i));
      }
    }
    if (name == "out.scale") {
      for (std::size_t row = 0; row < bytes.size() / 6; ++row) {
        const std::uint8_t half[] = {0, 0, 0, 0x20, 0, 0x20};  // shift 0, one half
        std::copy(half, half + 6, bytes.begin() + static_cast<std::ptrdiff_t>(6 * row));
      }
    }
  };
}

double level_db(const Samples& x, const Samples& reference, std::size_t from) {
  double a = 0, b = 0;
  for (std::size_t i = from; i < x.size(); ++i) {
    a += double(x[i]) * x[i];
    b += double(reference[i]) * reference[i];
  }
  return 10 * std::log10(a / b);
}

TEST(IntegerDenoiser, IsTheSameInEveryRunAndAfterReset) {
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv}) {
    for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv}) {
      Owned first(model(time, freq)), second(model(time, freq));
      const Samples samples = noise(20 * 256, 3), out = first.process(samples);
      EXPECT_EQ(second.process(samples), out);
      EXPECT_NE(second.process(samples), out);  // it remembers
      second.denoiser.reset();
      EXPECT_EQ(second.process(samples), out);
      EXPECT_NE(out, samples);
    }
  }
}

TEST(IntegerDenoiser, TheScratchMemoryMayServeOthersBetweenHops) {
  for (std::size_t k = 0; const nn::IntegerKernels* kernels = nn::integer_kernels_at(k); ++k) {
    for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv}) {
      for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv}) {
        Owned own(model(time, freq), *kernels), lent(model(time, freq), *kernels);
        const Samples samples = noise(20 * 256, 3);
        Samples out = samples;
        for (std::size_t at = 0; at < out.size(); at += 256) {
          lent.spoil_scratch(at);
          lent.denoiser.process(&out[at], &out[at]);
        }
        EXPECT_EQ(out, own.process(samples)) << kernels->name;
      }
    }
  }
}

TEST(IntegerDenoiser, ReturnsTheInputAtStrengthZero) {
  Owned owned(model());
  owned.denoiser.set_strength(0);
  owned.denoiser.reset();
  const Samples samples = noise(10 * 256, 5, 16), out = owned.process(samples);
  for (std::size_t i = 256; i < samples.size(); ++i) ASSERT_EQ(out[i], samples[i - 256]) << i;
}

TEST(IntegerDenoiser, ReachesAStrengthOverAHop) {
  Owned owned(model(TimeMixer::kGru, FreqMixer::kDense, constant_mask(0)));
  owned.process(noise(4 * 256, 7));
  owned.denoiser.set_strength(0);
  const Samples constant(256, 10000);
  owned.process(constant);
  owned.denoiser.set_strength(IntegerDenoiser::kFullStrength);
  const Samples ramp = owned.process(constant);
  EXPECT_EQ(ramp[0], 10000);
  EXPECT_EQ(ramp[128], 5000);
  EXPECT_EQ(ramp[255], 39);
  EXPECT_EQ(owned.process(constant), Samples(256, 0));
}

TEST(IntegerDenoiser, AMaskOfOneChangesNothing) {
  Owned owned(model(TimeMixer::kGru, FreqMixer::kDense, constant_mask(16384)));
  const Samples samples = noise(20 * 256, 9), out = owned.process(samples);
  double error = 0, power = 0;
  for (std::size_t i = 512; i < samples.size(); ++i) {
    error += std::pow(out[i] - samples[i - 256], 2);
    power += std::pow(samples[i - 256], 2);
  }
  EXPECT_LT(10 * std::log10(error / power), -60);
}

TEST(IntegerDenoiser, SilenceStaysSilent) {
  Owned owned(model());
  EXPECT_EQ(owned.process(Samples(10 * 256)), Samples(10 * 256));
}

TEST(IntegerDenoiser, KeepsTheLimits) {
  const Samples samples = noise(20 * 256, 11, 12);
  const auto level = [&](int mask, int limit_db) {
    Owned owned(model(TimeMixer::kGru, FreqMixer::kDense, constant_mask(mask)));
    owned.denoiser.set_attenuation_limit_q8(256 * limit_db);
    return level_db(owned.process(samples), samples, 512);
  };
  EXPECT_LT(level(1000, IntegerDenoiser::kNoLimitDb), -60);  // (1000 / 16384)^(1 / .3)
  EXPECT_NEAR(level(1000, 12), -12, 0.1);
  EXPECT_NEAR(level(1000, 40), -40, 0.5);
  EXPECT_NEAR(level(0, 6), -6, 0.1);
  EXPECT_NEAR(level(16384, 6), 0, 0.1);
  EXPECT_NEAR(level(32767, 12), 12, 0.1);  // not 20 dB
}

TEST(IntegerDenoiser, SurvivesTheLoudest) {
  Owned owned(model());
  Samples square(30 * 256);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 37 % 2 == 0 ? 32767 : -32768;
  owned.process(square);
  owned.process(Samples(256 * 10, -32768));
  owned.process(noise(256 * 10, 13, 16));
}

}  // namespace
}  // namespace pellucid::engine
