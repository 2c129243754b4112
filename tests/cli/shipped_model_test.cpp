// The weights that ship: what they cost, what they improve and what they leave alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "audio/sound.hpp"
#include "metrics/metrics.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
const std::string kSource = PELLUCID_SOURCE_DIR;
const RunOptions kOptions{.environment = {{"PELLUCID_MODELS", kSource + "/models"}}};

std::vector<float> denoised(const std::string& path, const std::vector<std::string>& more = {}) {
  const fs::path out = fs::temp_directory_path() / fmt::format("pellucid-shipped-{}.wav", ::getpid());
  std::vector<std::string> arguments{"denoise", path, "-o", out.string(), "--force"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Ran run = run_program(arguments, kOptions);
  EXPECT_EQ(run.code, 0) << run.error;
  auto samples = audio::load(out).samples;
  fs::remove(out);
  return samples;
}

double rms(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) sum += double(v) * v;
  return std::sqrt(sum / double(x.size()));
}

TEST(ShippedModel, SmallKeepsToItsBudget) {
  const Ran run = run_program({"info", "small", "--json"}, kOptions);
  ASSERT_EQ(run.code, 0) << run.error;
  const auto info = nlohmann::json::parse(run.output);
  EXPECT_LE(info.at("multiply_adds_per_s").get<double>(), 40e6);
  EXPECT_LE(fs::file_size(kSource + "/models/small.safetensors"), 250'000u);
}

TEST(ShippedModel, BaseKeepsToItsBudget) {
  const Ran run = run_program({"info", "base", "--json"}, kOptions);
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_LE(nlohmann::json::parse(run.output).at("multiply_adds_per_s").get<double>(), 300e6);
  EXPECT_LE(fs::file_size(kSource + "/models/base.safetensors"), 1'000'000u);
}

TEST(ShippedModel, LargeKeepsToItsBudget) {
  const Ran run = run_program({"info", "large", "--json"}, kOptions);
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_LE(nlohmann::json::parse(run.output).at("multiply_adds_per_s").get<double>(), 700e6);
  EXPECT_LE(fs::file_size(kSource + "/models/large.safetensors"), 2'000'000u);
}

TEST(ShippedModel, NanoKeepsToItsBudget) {
  const Ran run = run_program({"info", "nano", "--json"}, kOptions);
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_LE(nlohmann::json::parse(run.output).at("multiply_adds_per_s").get<double>(), 10e6);
  EXPECT_LE(fs::file_size(kSource + "/models/nano.safetensors"), 100'000u);
}

TEST(ShippedModel, ImprovesTheDemo) {
  const auto clean = audio::load(kSource + "/examples/audio/clean/office.flac").samples;
  const auto noisy = audio::load(kSource + "/examples/audio/noisy/office.flac").samples;
  const auto cleaned = denoised(kSource + "/examples/audio/noisy/office.flac");
  ASSERT_EQ(cleaned.size(), clean.size());
  EXPECT_GT(metrics::si_sdr(clean, cleaned), metrics::si_sdr(clean, noisy) + 3);
  EXPECT_GT(metrics::stoi(clean, cleaned, 16000), metrics::stoi(clean, noisy, 16000) + 0.05);
}

TEST(ShippedModel, LeavesCleanSpeechClean) {
  for (const auto& entry : fs::directory_iterator(kSource + "/tests/data/metrics/clean")) {
    const auto clean = audio::load(entry.path()).samples;
    const auto out = denoised(entry.path().string());
    EXPECT_GT(metrics::si_sdr(clean, out), 15) << entry.path();
    EXPECT_GT(metrics::stoi(clean, out, 16000), 0.97) << entry.path();
    EXPECT_NEAR(20 * std::log10(rms(out) / rms(clean)), 0, 1) << entry.path();
  }
}

TEST(ShippedModel, StrengthZeroIsTheInput) {
  const std::string path = kSource + "/examples/audio/noisy/office.flac";
  EXPECT_EQ(denoised(path, {"--strength", "0"}), audio::load(path).samples);
}

}  // namespace
}  // namespace pellucid::cli
