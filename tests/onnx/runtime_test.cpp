// Exported models in ONNX Runtime, frame by frame with their states fed back, against the engine's network.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "../cli/program.hpp"
#include "../nn/owned_network.hpp"
#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"
#include "audio/sound.hpp"
#include "dsp/stft.hpp"

namespace pellucid::onnx {
namespace {

namespace fs = std::filesystem;
using nn::test::OwnedNetwork;

constexpr std::size_t kFrames = 300;

template <typename T>
std::vector<T> read(const fs::path& path) {
  const std::string bytes = cli::slurp(path);
  const auto* data = reinterpret_cast<const T*>(bytes.data());
  return {data, data + bytes.size() / sizeof(T)};
}

template <typename T>
void write(const fs::path& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(sizeof(T) * values.size()));
}

// Frames of the noisy recording in examples/audio, from where someone speaks on.
std::vector<float> spectra(const nn::Architecture& a) {
  const audio::Sound sound =
      audio::load(fs::path(PELLUCID_SOURCE_DIR) / "examples/audio/noisy/office.flac", {.offset_s = 1.0});
  std::vector<std::uint8_t> memory(1 << 20);
  void* start = memory.data();
  std::size_t bytes = memory.size();
  std::align(dsp::Arena::kAlignment, 1 << 19, start, bytes);
  dsp::Arena arena(start, 1 << 19);
  dsp::StftPlan plan;
  dsp::StftAnalysis analysis;
  EXPECT_TRUE(plan.init(a.window_samples, a.hop_samples, arena) && analysis.init(plan, arena));
  std::vector<float> frames(kFrames * 2 * plan.bins());
  for (std::size_t t = 0; t < kFrames; ++t) {
    analysis.process(plan, sound.samples.data() + t * plan.hop_samples(), frames.data() + t * 2 * plan.bins());
  }
  return frames;
}

std::vector<float> engine_output(OwnedNetwork& owned, const std::vector<float>& frames, bool forget) {
  std::vector<float> cleaned(frames.size());
  const std::size_t size = frames.size() / kFrames;
  owned.state.reset();
  for (std::size_t t = 0; t < kFrames; ++t) {
    if (forget) owned.state.reset();
    owned.network.process_frame(owned.state, frames.data() + t * size, cleaned.data() + t * size);
  }
  return cleaned;
}

// The largest difference over the largest value.
double distance(const std::vector<float>& expected, const std::vector<float>& found) {
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(found[i])) return INFINITY;
    difference = std::max(difference, std::fabs(double{found[i]} - expected[i]));
    largest = std::max(largest, std::fabs(double{expected[i]}));
  }
  return largest > 0 ? difference / largest : INFINITY;
}

class Runtime : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    modules_ = fs::path(PELLUCID_SOURCE_DIR) / "build/npm/onnx/node_modules";
    if (!fs::exists(modules_ / "onnxruntime-node")) {
      GTEST_SKIP() << "ONNX Runtime is not there; scripts/setup.sh installs it from npm.";
    }
  }

  void expect_equal(const std::vector<std::uint8_t>& model) {
    OwnedNetwork owned(model);
    ASSERT_TRUE(owned.ok) << owned.error.detail;
    const std::vector<float> frames = spectra(owned.network.architecture());
    const std::vector<float> expected = engine_output(owned, frames, false);
    if (nn::state_floats(owned.network.architecture()) > 0) {
      ASSERT_GT(distance(expected, engine_output(owned, frames, true)), 1e-3) << "this model's states say nothing";
    }
    write(folder_ / "model.pellucid", model);
    write(folder_ / "spectra", frames);
    const cli::Ran run = cli::run_program(
        {"export", (folder_ / "model.pellucid").string(), "--onnx", (folder_ / "model.onnx").string(), "--force"});
    ASSERT_EQ(run.code, 0) << run.error;
    const std::string command = fmt::format(
        "NODE_PATH='{0}' node '{1}/tests/onnx/stream.js' '{2}/model.onnx' '{2}/spectra' '{2}/cleaned' > '{2}/log' 2>&1",
        modules_.string(), PELLUCID_SOURCE_DIR, folder_.string());
    ASSERT_EQ(std::system(command.c_str()), 0) << cli::slurp(folder_ / "log");
    const std::vector<float> found = read<float>(folder_ / "cleaned");
    ASSERT_EQ(found.size(), expected.size());
    const double difference = distance(expected, found);
    EXPECT_LE(difference, 1e-4);
    RecordProperty("largest_relative_difference", std::to_string(difference));
    std::printf("  largest relative difference over %zu frames: %.2g\n", kFrames, difference);
  }

  fs::path modules_;
};

TEST_F(Runtime, GivesWhatTheEngineGivesWithTheShippedModels) {
  for (const auto& entry : fs::directory_iterator(fs::path(PELLUCID_SOURCE_DIR) / "models")) {
    if (entry.path().extension() != ".safetensors") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const auto model = read<std::uint8_t>(entry.path());
    nn::ModelFile file;
    ASSERT_EQ(file.parse(model.data(), model.size()).status, nn::ModelStatus::kOk);
    if (file.arithmetic() != nn::Arithmetic::kFloat32) continue;  // the graph is that of float networks
    expect_equal(model);
  }
}

TEST_F(Runtime, GivesWhatTheEngineGivesWithEveryMixer) {
  for (const nn::Architecture& a : nn::test::every_combination()) {
    SCOPED_TRACE(nn::test::combination_name(a));
    expect_equal(nn::test::make_random_model(a, 1));
  }
}

TEST_F(Runtime, GivesWhatTheEngineGivesWithRandomArchitectures) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    expect_equal(nn::test::make_random_model(nn::test::any_architecture(seed), seed));
  }
}

TEST_F(Runtime, GivesWhatTheEngineGivesWithTheSmallestLayers) {
  nn::Architecture a = nn::test::small_architecture(nn::TimeMixer::kConv, nn::FreqMixer::kConv);
  a.compression = 1.0;
  a.fold = a.kernel = a.bands = a.blocks = a.time_kernel = a.time_layers = 1;
  a.encoder_layers = 0;
  expect_equal(nn::test::make_random_model(a, 1));
}

}  // namespace
}  // namespace pellucid::onnx
