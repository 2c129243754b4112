// examples/cpp/stream.cpp: what comes out is as long as what goes in, aligned, and what the engine makes of the whole.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <pellucid/pellucid.hpp>

#include "../cli/program.hpp"

namespace {

namespace fs = std::filesystem;
using pellucid::cli::Ran;
using pellucid::cli::run_program;
using pellucid::cli::slurp;

const std::string kModel = PELLUCID_SOURCE_DIR "/models/small.safetensors";

/// Tones that come and go in noise.
std::vector<float> sound(std::size_t samples) {
  std::vector<float> x(samples);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < samples; ++i) {
    state = state * 1664525 + 1013904223;
    const double time = static_cast<double>(i) / 48000;
    const double tone = std::sin(2 * 3.14159265 * 220 * time) * std::sin(8 * time);
    x[i] = static_cast<float>(0.2 * tone + 0.05 * (static_cast<double>(state) / 4294967296.0 - 0.5));
  }
  return x;
}

class StreamExample : public ::testing::TestWithParam<std::size_t> {};

TEST_P(StreamExample, EqualsTheEngine) {
  std::vector<float> x = sound(GetParam());
  const fs::path path = fs::temp_directory_path() / ("pellucid-example-" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(float)));
  const Ran ran = run_program({kModel, "48000"}, {.input = path});
  fs::remove(path);
  ASSERT_EQ(ran.code, 0) << ran.error;
  ASSERT_EQ(ran.output.size(), x.size() * sizeof(float));
  EXPECT_NE(ran.error.find("blocks"), std::string::npos);

  const std::string model = slurp(kModel);
  pellucid::Denoiser denoiser(model.data(), model.size(), 48000);
  const std::size_t late = denoiser.latency_samples(), count = x.size();
  x.resize(count + late);
  denoiser.process_interleaved(x.data(), x.data(), x.size());
  EXPECT_EQ(std::memcmp(ran.output.data(), x.data() + late, count * sizeof(float)), 0);
}

INSTANTIATE_TEST_SUITE_P(Lengths, StreamExample, ::testing::Values(0, 1, 479, 480, 1535, 1536, 50000));

TEST(StreamExampleErrors, AreSentences) {
  EXPECT_NE(run_program({"nothing.here", "48000"}).error.find("nothing.here cannot be read"), std::string::npos);
  EXPECT_EQ(run_program({PELLUCID_SOURCE_DIR, "48000"}).code, 1);
  EXPECT_NE(run_program({kModel, "12"}).error.find("sample rate is outside"), std::string::npos);
  EXPECT_EQ(run_program({}).code, 2);
}

}  // namespace
