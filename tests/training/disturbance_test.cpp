// The term of what is heard: its bands, its values beside PESQ's on real recordings, its gradient.
#include "training/disturbance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "audio/sound.hpp"
#include "metrics/pesq_tables.hpp"
#include "training/spectrum.hpp"

namespace pellucid::training {
namespace {

constexpr int kFrames = 25;

const Hearing& hearing_of_512() {
  static const Hearing h = hearing(256, 16000, 256);
  return h;
}

std::vector<float> random_densities(unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> decades(2, 6);
  std::vector<float> x(kFrames * hearing_of_512().bands.size());
  for (float& v : x) v = std::pow(10.0f, decades(generator));
  return x;
}

double points(const std::vector<float>& x, const std::vector<float>& y) {
  std::vector<float> ignored(y.size());
  return disturbance(hearing_of_512(), kFrames, x.data(), y.data(), 1, ignored.data());
}

TEST(Disturbance, HasTheBandsOfTheMeasure) {
  const Hearing& h = hearing_of_512();
  ASSERT_EQ(h.bands.size(), 48u);
  int bin = 1;
  for (std::size_t b = 0; b < h.bands.size(); ++b) {
    EXPECT_EQ(h.bands[b].low, bin);
    bin += metrics::pesq::kBarkBands[b + 1].bins;
    EXPECT_EQ(h.bands[b].high, std::min(bin, 256));
  }
  EXPECT_EQ(h.syllable, 20);
  EXPECT_LE(hearing(128, 8000, 128).bands.back().high, 128) << "those above half the rate are left out";
  EXPECT_LT(hearing(128, 8000, 128).bands.size(), 48u);
}

TEST(Disturbance, IsNothingOfTheSameAtAnyLevelOfFrames) {
  const std::vector<float> x = random_densities(1);
  EXPECT_EQ(points(x, x), 0);
  std::vector<float> y = x;
  for (float& v : y) v *= 0.5f;
  const double quieter = points(x, y);
  for (std::size_t i = 0; i < y.size(); i += 2) y[i] *= 4;
  EXPECT_LT(quieter, 0.2 * points(x, y)) << "every second band louder, the others quieter";
}

TEST(Disturbance, HearsNoiseInPauses) {
  const std::vector<float> nothing(kFrames * hearing_of_512().bands.size());
  std::vector<float> little(nothing.size(), 1e3f), more(nothing.size(), 1e4f);
  EXPECT_GT(points(nothing, little), 0.1);
  EXPECT_GT(points(nothing, more), 1.3 * points(nothing, little));
}

// As far below PESQ as the noise in the pauses is heard, and in its order.
TEST(Disturbance, AgreesWithTheMeasure) {
  const std::filesystem::path data = std::filesystem::path(PELLUCID_TEST_DATA) / "metrics";
  Architecture a = default_architecture();
  const Spectrum spectrum(a, torch::kCPU);
  const Hearing& h = hearing_of_512();
  double last = 9;
  for (const auto& [name, pesq] : {std::pair{"010", 2.1500}, {"046", 1.4075}, {"056", 1.1433}}) {  // expected.csv
    float gain = 0;
    std::vector<float> densities[2];
    for (int i = 0; i < 2; ++i) {
      const audio::Sound sound = audio::load(data / (i == 0 ? "clean" : "noisy") / (std::string(name) + ".flac"));
      const long samples = long(sound.samples.size()) / a.hop_samples * a.hop_samples;
      const torch::Tensor signal = torch::tensor(sound.samples).narrow(0, 0, samples).unsqueeze(0);
      const torch::Tensor power = spectrum.analyse(signal)[0].square().sum(-1).narrow(1, 0, a.bins()).contiguous();
      const int frames = int(power.size(0)), bins = int(power.size(1));
      const float* p = power.data_ptr<float>();
      if (i == 0) gain = listening_gain(h, frames, p);
      for (int t = 0; t < frames; ++t) {
        for (const HearingBand& band : h.bands) {
          float sum = 0;
          for (int k = band.low; k < band.high; ++k) sum += h.bins[k] * p[t * bins + k];
          densities[i].push_back(gain * band.density * sum);
        }
      }
    }
    std::vector<float> ignored(densities[1].size());
    const double estimate = 4.5 - disturbance(h, int(ignored.size() / h.bands.size()), densities[0].data(),
                                              densities[1].data(), 1, ignored.data());
    const double raw = (3.8224 - std::log((4.999 - pesq) / (pesq - 0.999))) / 1.3669;  // P.862.2
    EXPECT_NEAR(estimate, raw - 0.5, 0.5) << name;
    EXPECT_LT(estimate, last) << name;
    last = estimate;
  }
}

TEST(Disturbance, CountsWhatWasAddedMoreThanWhatIsMissing) {
  const std::vector<float> x = random_densities(2);
  std::vector<float> more = x, less = x;
  for (std::size_t i = 0; i < x.size(); i += 7) more[i] *= 100, less[i] /= 100;
  EXPECT_GT(points(x, more), 1.5 * points(x, less));
}

TEST(Disturbance, HasTheGradientOfItsPoints) {
  const std::vector<float> x = random_densities(3);
  std::vector<float> y = random_densities(4), gradient(y.size());
  disturbance(hearing_of_512(), kFrames, x.data(), y.data(), 2, gradient.data());
  double error = 0, size = 0;
  for (std::size_t i = 0; i < y.size(); i += 5) {
    const float was = y[i], step = 2e-3f * was;
    y[i] = was + step;
    const double up = points(x, y);
    y[i] = was - step;
    const double down = points(x, y);
    y[i] = was;
    const double slope = 2 * (up - down) / (2.0 * step);
    error += was * was * (slope - gradient[i]) * (slope - gradient[i]);
    size += was * was * slope * slope;
  }
  EXPECT_LT(error, 1e-3 * size);
}

}  // namespace
}  // namespace pellucid::training
