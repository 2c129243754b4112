#include "quantization/quantize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../nn/owned_integer_network.hpp"
#include "../nn/random_model.hpp"
#include "engine/integer_denoiser.hpp"
#include "support/error.hpp"

namespace pellucid::quantization {
namespace {

using nn::FreqMixer;
using nn::TimeMixer;

std::vector<float> noise(std::size_t count, std::uint64_t seed) {
  nn::test::Random random(seed);
  std::vector<float> samples(count);
  double low = 0;
  for (std::size_t i = 0; i < count; ++i) {
    low = 0.9 * low + 0.1 * random.uniform();
    samples[i] = static_cast<float>((i / 4000 % 2 == 0 ? 0.8 : 0.02) * low);
  }
  return samples;
}

std::vector<std::uint8_t> quantized(const nn::ModelFile& file, const std::vector<float>& sound) {
  FloatNetwork network(file);
  Calibration calibration(network);
  calibration.add(sound);
  QuantizedModel model = quantize(network, calibration);
  for (const auto& [key, value] : nn::test::metadata_of(file.architecture())) {
    if (key != "checksum") model.metadata.emplace_back(key, value);
  }
  const std::string bytes = encode(model);
  return {bytes.begin(), bytes.end()};
}

TEST(Quantize, RefusesAModelWhoseNumbersHaveNoEnd) {
  const nn::Architecture a = nn::test::small_architecture();
  for (const double gain : {1e12, 1e25}) {
    const auto bytes = nn::test::make_random_model(a, 1, gain);
    nn::ModelFile file;
    ASSERT_EQ(file.parse(bytes.data(), bytes.size()).status, nn::ModelStatus::kOk);
    FloatNetwork network(file);
    Calibration calibration(network);
    calibration.add(noise(32000, 1));
    EXPECT_THROW(quantize(network, calibration), Error) << gain;
  }
}

/// Notes one stream of the float network.
class Masks : public Watcher {
 public:
  void input(std::size_t, std::size_t, const float*) override {}
  void values(Stream stream, const std::vector<float>& values) override {
    if (stream == Stream::kMask) mask = values;
  }
  std::vector<float> mask;
};

/// How far the integer network's mask lies from the float network's, in dB below it, over a stretch of sound.
double mask_snr_db(const nn::ModelFile& file, const std::vector<std::uint8_t>& bytes) {
  const nn::test::OwnedIntegerModel owned(bytes);
  EXPECT_TRUE(owned.ok) << owned.error.detail;
  const nn::Architecture& a = file.architecture();
  const auto state = nn::test::aligned_bytes(engine::IntegerDenoiser::state_bytes(a));
  const auto scratch = nn::test::aligned_bytes(engine::IntegerDenoiser::scratch_bytes(a));
  engine::IntegerDenoiser denoiser;
  denoiser.init(owned.model, nn::kScalarIntegerKernels, state.get(), scratch.get());
  struct Seen {
    std::vector<std::vector<float>> masks;
    std::vector<std::vector<float>> features;
    int mask_q, features_q;
  } seen{{}, {}, owned.file.mask_q(), owned.file.features_q()};
  denoiser.network().set_observer(
      [](void* user, const char* name, std::uint32_t, const std::int16_t* values, std::size_t rows,
         std::size_t columns) {
        auto* to = static_cast<Seen*>(user);
        const bool mask = std::string(name) == "mask";
        if (!mask && std::string(name) != "features") return;
        std::vector<float> all(values, values + rows * columns);
        for (float& value : all) value = std::ldexp(value, mask ? -to->mask_q : -to->features_q);
        (mask ? to->masks : to->features).push_back(all);
      },
      &seen);
  std::vector<std::int16_t> hop(a.hop_samples);
  const std::vector<float> sound = noise(std::size_t{40} * a.hop_samples, 99);
  for (std::size_t at = 0; at < sound.size(); at += hop.size()) {
    for (std::size_t i = 0; i < hop.size(); ++i) hop[i] = static_cast<std::int16_t>(std::lround(32767 * sound[at + i]));
    denoiser.process(hop.data(), hop.data());
  }
  FloatNetwork network(file);
  Masks expected;
  double error = 0, power = 0;
  for (std::size_t frame = 0; frame < seen.masks.size(); ++frame) {
    network.process_frame(seen.features[frame], expected);
    for (std::size_t i = 0; i < expected.mask.size(); ++i) {
      error += std::pow(seen.masks[frame][i] - expected.mask[i], 2);
      power += std::pow(expected.mask[i], 2);
    }
  }
  return 10 * std::log10(power / error);
}

TEST(Quantize, FollowsTheFloatNetworkWithEveryMixer) {
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv}) {
    for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv}) {
      const auto model = nn::test::make_random_model(nn::test::small_architecture(time, freq), 1, 0.7);
      nn::ModelFile file;
      ASSERT_EQ(file.parse(model.data(), model.size()).status, nn::ModelStatus::kOk);
      EXPECT_GT(mask_snr_db(file, quantized(file, noise(64000, 5))), 35)
          << static_cast<int>(time) << static_cast<int>(freq);
    }
  }
}

TEST(Quantize, FollowsTheFloatNetworkAtRandomArchitectures) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    nn::Architecture a = nn::test::random_architecture(seed);
    a.window_samples = 128u << seed % 3;
    a.hop_samples = a.window_samples / 2;
    a.compression = 0.3;
    const auto model = nn::test::make_random_model(a, seed, 0.7);
    nn::ModelFile file;
    ASSERT_EQ(file.parse(model.data(), model.size()).status, nn::ModelStatus::kOk);
    EXPECT_GT(mask_snr_db(file, quantized(file, noise(32000, 5))), 30) << seed;
  }
}

TEST(Quantize, GivesTheSameBytesAgain) {
  const auto model = nn::test::make_random_model(nn::test::small_architecture(), 3, 0.7);
  nn::ModelFile file;
  ASSERT_EQ(file.parse(model.data(), model.size()).status, nn::ModelStatus::kOk);
  EXPECT_EQ(quantized(file, noise(16000, 5)), quantized(file, noise(16000, 5)));
}

TEST(Calibration, KnowsMeansAndCovariances) {
  Moments moments(2);
  nn::test::Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const float x = static_cast<float>(random.uniform()), y = static_cast<float>(random.uniform());
    const float both[] = {x + 3, x - 2 * y};
    moments.add(both);
  }
  EXPECT_NEAR(moments.mean()[0], 3, 0.02);
  EXPECT_NEAR(moments.mean()[1], 0, 0.03);
  const std::vector<double> covariance = moments.covariance();  // the variance of -1 … 1 is 1/3
  EXPECT_NEAR(covariance[0], 1 / 3.0, 0.01);
  EXPECT_NEAR(covariance[1], 1 / 3.0, 0.01);
  EXPECT_EQ(covariance[1], covariance[2]);
  EXPECT_NEAR(covariance[3], 5 / 3.0, 0.03);
}

}  // namespace
}  // namespace pellucid::quantization
