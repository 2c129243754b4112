// Folders of clean, noisy and enhanced files, and `pellucid eval` on them.
#pragma once

#include <nlohmann/json.hpp>

#include "denoise_fixture.hpp"

namespace pellucid::cli {

using Json = nlohmann::json;

class EvalTest : public DenoiseTest {
 protected:
  void SetUp() override {
    DenoiseTest::SetUp();
    for (const char* name : {"clean", "noisy", "enhanced"}) fs::create_directory(folder_ / name);
  }

  Ran eval(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"eval", "--clean", "clean", "--noisy", "noisy"});
    return program(arguments);
  }
  Ran program(const std::vector<std::string>& arguments) const {
    return run_program(arguments, {.folder = folder_, .environment = {{"PELLUCID_MODELS", models_}}});
  }

  /// clean/NAME, noisy/NAME with noise at `snr_db`, enhanced/NAME with half as much noise (6.02 dB less).
  void make_trio(const std::string& name, double snr_db, std::size_t frames = 24000) const {
    const std::vector<double> clean = noise(frames, 1);
    Random random(5, static_cast<std::uint64_t>(100 + snr_db));
    double signal = 0, power = 0;
    std::vector<double> hiss(frames), noisy(frames), enhanced(frames);
    for (std::size_t i = 0; i < frames; ++i) {
      hiss[i] = random.uniform(-1, 1);
      signal += clean[i] * clean[i];
      power += hiss[i] * hiss[i];
    }
    const double gain = std::sqrt(signal / power / std::pow(10, snr_db / 10));
    for (std::size_t i = 0; i < frames; ++i) {
      noisy[i] = clean[i] + gain * hiss[i];
      enhanced[i] = clean[i] + 0.5 * gain * hiss[i];
    }
    make("clean/" + name, kFloat, 16000, 1, clean);
    make("noisy/" + name, kFloat, 16000, 1, noisy);
    make("enhanced/" + name, kFloat, 16000, 1, enhanced);
  }

  void expect_refused(const Ran& run, int code, const std::string& word) const {
    EXPECT_EQ(run.code, code) << run.error;
    expect_sentence(run, word);
    EXPECT_TRUE(run.output.empty()) << run.output;
  }

  static constexpr int kFloat = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
};

}  // namespace pellucid::cli
