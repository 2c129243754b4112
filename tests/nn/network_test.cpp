#include "nn/network.hpp"

#include <gtest/gtest.h>

#include "owned_network.hpp"
#include "random_model.hpp"
#include "reference_network.hpp"

namespace pellucid::nn {
namespace {

using test::OwnedNetwork;
using test::Random;
using test::ReferenceNetwork;

/// Compares what the observer sees with the reference; relative to the layer's largest value.
struct Comparison {
  ReferenceNetwork* reference;
  int layers = 0;
  double worst = 0;
  static void observe(void* user, const char* name, const float* values, size_t rows, size_t columns) {
    auto* self = static_cast<Comparison*>(user);
    ++self->layers;
    ASSERT_TRUE(self->reference->seen.count(name)) << name;
    const test::Matrix& expected = self->reference->seen[name];
    ASSERT_EQ(rows, expected.size()) << name;
    ASSERT_EQ(columns, expected[0].size()) << name;
    double largest = 1e-3;
    for (const auto& row : expected) {
      for (const double v : row) largest = std::max(largest, std::abs(v));
    }
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        const double error = std::abs(values[r * columns + c] - expected[r][c]) / largest;
        self->worst = std::max(self->worst, error);
        ASSERT_LE(error, 1e-4) << name << " row " << r << " column " << c;
      }
    }
  }
};

std::vector<double> random_spectrum(Random& random, size_t bins, double level) {
  std::vector<double> spectrum(2 * bins + 2);
  for (double& v : spectrum) v = static_cast<float>(level * random.uniform());
  return spectrum;
}

void compare_with_reference(const Architecture& a, std::uint64_t seed, const Kernels& kernels) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << " kernels " << kernels.name);
  OwnedNetwork owned(test::make_random_model(a, seed), kernels);
  ASSERT_EQ(owned.error.status, ModelStatus::kOk) << owned.error.detail;
  ASSERT_TRUE(owned.ok);
  ReferenceNetwork reference(owned.file);
  Comparison comparison{&reference};
  owned.network.set_observer(Comparison::observe, &comparison);
  Random random(seed + 1000);
  for (int frame = 0; frame < 20; ++frame) {
    SCOPED_TRACE(frame);
    const double level = frame % 7 == 3 ? 0.0 : std::pow(10.0, 3 * random.uniform());
    const std::vector<double> spectrum = random_spectrum(random, a.bins(), level);
    const std::vector<double> expected = reference.process_frame(spectrum);
    const std::vector<float> input(spectrum.begin(), spectrum.end());
    std::vector<float> output(input.size());
    owned.network.process_frame(owned.state, input.data(), output.data());
    double largest = 1e-6;
    for (const double v : expected) largest = std::max(largest, std::abs(v));
    for (size_t i = 0; i < output.size(); ++i) ASSERT_NEAR(output[i], expected[i], 1e-4 * largest) << i;
    if (testing::Test::HasFatalFailure()) return;
  }
  const int layers = 5 + 2 * static_cast<int>(a.encoder_layers + a.blocks);
  EXPECT_EQ(comparison.layers, 20 * layers);
}

std::vector<const Kernels*> kernels_here() {
  std::vector<const Kernels*> all;
  while (const Kernels* kernels = kernels_at(all.size())) all.push_back(kernels);
  return all;
}

TEST(Network, EqualsTheReferenceWithEveryMixer) {
  for (const Kernels* kernels : kernels_here()) {
    for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv}) {
      for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv}) {
        compare_with_reference(test::small_architecture(time, freq), 1, *kernels);
      }
    }
  }
}

TEST(Network, EqualsTheReferenceAtRandomArchitectures) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const Kernels* kernels : kernels_here()) {
      compare_with_reference(test::random_architecture(seed), seed, *kernels);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Network, WorksInPlace) {
  const Architecture a = test::small_architecture();
  OwnedNetwork apart(test::make_random_model(a, 3)), in_place(test::make_random_model(a, 3));
  ASSERT_TRUE(apart.ok && in_place.ok);
  Random random(5);
  for (int frame = 0; frame < 4; ++frame) {
    const std::vector<double> spectrum = random_spectrum(random, a.bins(), 3.0);
    std::vector<float> x(spectrum.begin(), spectrum.end()), y(x.size());
    apart.network.process_frame(apart.state, x.data(), y.data());
    in_place.network.process_frame(in_place.state, x.data(), x.data());
    ASSERT_EQ(x, y);
  }
}

TEST(Network, StartsAnewAfterReset) {
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv}) {
    const Architecture a = test::small_architecture(time);
    OwnedNetwork owned(test::make_random_model(a, 3));
    ASSERT_TRUE(owned.ok);
    const auto run = [&] {
      Random random(6);
      std::vector<float> all;
      for (int frame = 0; frame < 9; ++frame) {
        const std::vector<double> spectrum = random_spectrum(random, a.bins(), 3.0);
        std::vector<float> x(spectrum.begin(), spectrum.end());
        owned.network.process_frame(owned.state, x.data(), x.data());
        all.insert(all.end(), x.begin(), x.end());
      }
      return all;
    };
    const std::vector<float> first = run(), second = run();
    owned.state.reset();
    EXPECT_NE(first, second) << "a network without memory";
    EXPECT_EQ(first, run());
  }
}

TEST(Network, RefusesMemoryThatIsTooSmall) {
  const auto model = test::make_random_model(test::small_architecture(), 3);
  ModelFile file;
  ASSERT_EQ(file.parse(model.data(), model.size()).status, ModelStatus::kOk);
  dsp::Arena measure;
  Network network;
  EXPECT_FALSE(network.init(file, measure));
  alignas(dsp::Arena::kAlignment) static std::uint8_t memory[1 << 19];
  ASSERT_LT(measure.bytes(), sizeof memory);
  for (std::size_t bytes = 0; bytes < measure.bytes(); bytes += 997) {
    dsp::Arena arena(memory, bytes);
    EXPECT_FALSE(network.init(file, arena)) << bytes;
  }
  dsp::Arena arena(memory, measure.bytes());
  EXPECT_TRUE(network.init(file, arena));
}

TEST(Architecture, CountsWhatALayerCosts) {
  Architecture a = test::small_architecture();
  // P = 64, 3f = 12, C = 12, k = 3, D = 10, B = 16, H = 9, N = 2, by hand.
  const std::uint64_t ends = 64 * 3 * 12 * 12 + 64 * 3 * 12 * 8, coders = 2 * 64 * 3 * 12 * 12;
  const std::uint64_t bands = 2 * 16 * 64 * 12 + 2 * 16 * 12 * 10;
  const std::uint64_t gru = 16 * (27 * 10 + 27 * 9 + 9 * 10), dense = 16 * 16 * 10 + 16 * 10 * 10;
  EXPECT_EQ(multiply_adds_per_frame(a), ends + coders + bands + 2 * (gru + dense));
  a.time_mixer = TimeMixer::kConv;
  a.freq_mixer = FreqMixer::kConv;
  EXPECT_EQ(multiply_adds_per_frame(a), ends + coders + bands + 2 * (2 * 3 * 16 * 100 + 16 * 3 * 100));
  EXPECT_EQ(state_floats(a), 2 * (2 + 4) * 160);
  std::uint64_t parameters = 0;
  TensorSpec spec;
  for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) parameters += spec.count();
  EXPECT_EQ(parameter_count(a), parameters);
  EXPECT_EQ(parameters, (12 * 3 * 12 + 24) + 2 * (12 * 3 * 12 + 24) + 16 * 64 + (10 * 12 + 10) + 160 +
                            2 * (2 * (300 + 20) + (300 + 20)) + (12 * 10 + 12) + 64 * 16 + (8 * 36 + 8));
}

}  // namespace
}  // namespace pellucid::nn
