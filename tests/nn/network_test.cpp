#include "nn/network.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "nn/integer_model.hpp"
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
  const std::uint32_t coders = a.output == Output::kBandGains ? 1 : 2;
  const int layers = 5 + static_cast<int>(coders * a.encoder_layers + 2 * a.blocks);
  EXPECT_EQ(comparison.layers, 20 * layers);
}

std::vector<const Kernels*> kernels_here() {
  std::vector<const Kernels*> all;
  while (const Kernels* kernels = kernels_at(all.size())) all.push_back(kernels);
  return all;
}

TEST(Network, EqualsTheReferenceWithEveryMixer) {
  for (const Kernels* kernels : kernels_here()) {
    for (const Architecture& a : test::every_combination()) {
      SCOPED_TRACE(test::combination_name(a));
      compare_with_reference(a, 1, *kernels);
    }
  }
}

TEST(Network, EqualsTheReferenceAtRandomArchitectures) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    for (const Kernels* kernels : kernels_here()) {
      const Architecture a = seed % 3 == 0 ? test::random_architecture(seed) : test::any_architecture(seed);
      SCOPED_TRACE(test::combination_name(a));
      compare_with_reference(a, seed, *kernels);
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
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention}) {
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

/// A linear map's parameters.
std::uint64_t linear(std::uint64_t in, std::uint64_t out) { return in * out + out; }

TEST(Architecture, CountsWhatOtherMixersAndGainsCost) {
  // As above; W = 5, G = 6, 3 heads; by hand.
  Architecture a = test::small_architecture(TimeMixer::kAttention, FreqMixer::kGru, Output::kBandGains);
  const std::uint64_t before = 64 * 3 * 12 * 12 + 64 * 3 * 12 * 12 + 16 * 64 * 12 + 16 * 12 * 10;
  const std::uint64_t time = 16 * (27 * 10 + 2 * 5 * 9 + 9 * 10), gru = 16 * (2 * 18 * (10 + 6) + 12 * 10);
  EXPECT_EQ(multiply_adds_per_frame(a), before + 2 * (time + gru) + 16 * 10 + 256 * 16);
  EXPECT_EQ(state_floats(a), 2 * 4 * 16 * 18);
  const std::uint64_t start = 2 * (12 * 3 * 12 + 24) + 16 * 64 + linear(12, 10) + 160;
  const std::uint64_t time_parameters = linear(10, 27) + 3 * 5 + linear(9, 10);
  EXPECT_EQ(parameter_count(a),
            start + 2 * (time_parameters + 2 * (linear(10, 18) + linear(6, 18)) + linear(12, 10)) + 11 + 256 * 16);
  a.freq_mixer = FreqMixer::kAttention;
  EXPECT_EQ(multiply_adds_per_frame(a),
            before + 2 * (time + 16 * (18 * 10 + 2 * 16 * 6 + 6 * 10)) + 16 * 10 + 256 * 16);
  EXPECT_EQ(parameter_count(a),
            start + 2 * (time_parameters + linear(10, 18) + 3 * 16 * 16 + linear(6, 10)) + 11 + 256 * 16);
}

TEST(Architecture, IntegersKnowSomeOfThem) {
  for (const Architecture& a : test::every_combination()) {
    const bool known = a.time_mixer != TimeMixer::kAttention && a.output == Output::kComplexMask &&
                       (a.freq_mixer == FreqMixer::kDense || a.freq_mixer == FreqMixer::kConv);
    EXPECT_EQ(integer_unsupported(a) == nullptr, known) << test::combination_name(a);
  }
  Architecture a = test::small_architecture();
  a.hop_samples = a.window_samples / 4;
  EXPECT_NE(integer_unsupported(a), nullptr);
}

TEST(Architecture, SaysWhatItCannotRun) {
  const auto problem = [](const std::function<void(Architecture&)>& change) {
    Architecture a = test::small_architecture(TimeMixer::kAttention, FreqMixer::kAttention);
    change(a);
    const char* found = unsupported(a);
    return std::string(found != nullptr ? found : "");
  };
  EXPECT_EQ(problem([](Architecture&) {}), "");
  EXPECT_EQ(problem([](Architecture& a) { a.hop_samples = 128; }), "");
  EXPECT_EQ(problem([](Architecture& a) { a.hop_samples = 512; }), "window_samples is not 2 to 8 times hop_samples");
  EXPECT_EQ(problem([](Architecture& a) { a.hop_samples = 200; }), "window_samples is not 2 to 8 times hop_samples");
  EXPECT_EQ(problem([](Architecture& a) { a.hop_samples = 32; }), "window_samples is not 2 to 8 times hop_samples");
  EXPECT_EQ(problem([](Architecture& a) { a.heads = 0; }), "heads is outside 1 to 64");
  EXPECT_EQ(problem([](Architecture& a) { a.heads = 2; }), "heads does not divide hidden");
  EXPECT_EQ(problem([](Architecture& a) { a.freq_hidden = 7; }), "heads does not divide freq_hidden");
  EXPECT_EQ(problem([](Architecture& a) { a.context_frames = 0; }), "context_frames is outside 1 to 1024");
  EXPECT_EQ(problem([](Architecture& a) { a.time_layers = 0; }), "") << "this time mixer has no layers";
}

}  // namespace
}  // namespace pellucid::nn
