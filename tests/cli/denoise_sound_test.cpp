// What comes out: in time, as long as it was, as much changed as was asked for.
#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

constexpr int kFloat = SF_FORMAT_WAV | SF_FORMAT_FLOAT;

class Sound : public DenoiseTest {
 protected:
  std::vector<double> denoised(const std::string& name, std::vector<std::string> options) const {
    options.insert(options.begin(), {name, "-o", "out.wav", "--force"});
    const Ran run = denoise(options);
    EXPECT_EQ(run.code, 0) << run.error;
    return read("out.wav");
  }
};

TEST_F(Sound, StaysInTimeAtEveryRate) {
  for (const int rate_hz : {8000, 11025, 12347, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000, 384000}) {
    for (const std::size_t frames : {std::size_t{1}, std::size_t{100}, std::size_t{8192}, std::size_t{20011}}) {
      make("a.wav", kFloat, rate_hz, 1, frames);
      EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "same"})), 2e-4) << rate_hz << " Hz, " << frames;
    }
  }
}

TEST_F(Sound, ChannelsStayApart) {
  make("a.wav", kFloat, 16000, 5, std::size_t{12000});
  const std::vector<double> together = denoised("a.wav", {"--model", "random"});
  const std::vector<double> input = read("a.wav");
  for (std::size_t c = 0; c < 5; ++c) {
    std::vector<double> one, expected;
    for (std::size_t i = c; i < input.size(); i += 5) one.push_back(input[i]);
    for (std::size_t i = c; i < together.size(); i += 5) expected.push_back(together[i]);
    make("one.wav", kFloat, 16000, 1, one);
    EXPECT_LT(distance(expected, denoised("one.wav", {"--model", "random"})), 1e-6) << c;
  }
}

TEST_F(Sound, DoesWhatTheModelSays) {
  make("a.wav", kFloat, 16000);
  EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "half"}), 0.5), 2e-4);
}

// Whatever the engine has to learn of the level as it goes, a file is heard at a usual one from its beginning on.
TEST_F(Sound, AQuietFileIsHeardAsALouderOne) {
  std::vector<double> loud = noise(48000, 2);
  double loudest = 0;
  for (std::size_t at = 0; at < loud.size(); at += 640) {
    double squares = 0;
    for (std::size_t i = 0; i < 640; i += 2) squares += loud[at + i] * loud[at + i] / 320;
    loudest = std::max(loudest, squares);
  }
  // Of the first channel -37 dBFS, which is nearly loud enough: less than a bit is missing.
  for (double& x : loud) x = static_cast<float>(x * std::sqrt(2e-4 / loudest));
  std::vector<double> quiet = loud;
  for (double& x : quiet) x /= 64;
  make("loud.wav", kFloat, 16000, 2, loud);
  make("quiet.wav", kFloat, 16000, 2, quiet);
  std::vector<double> out = denoised("quiet.wav", {"--model", "random"});
  for (double& x : out) x *= 64;
  EXPECT_EQ(out, denoised("loud.wav", {"--model", "random"}));
  EXPECT_GT(distance(loud, out), 1e-3) << "which the model changes";
  // An offset is no sound.
  for (double& x : quiet) x += 0.1;
  make("offset.wav", kFloat, 16000, 2, quiet);
  out = denoised("offset.wav", {"--model", "same"});
  EXPECT_LT(distance(quiet, out), 1e-4);
}

TEST_F(Sound, StrengthMixesTheInputIn) {
  make("a.wav", kFloat, 48000);
  EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "half", "--strength", "0.5"}), 0.75), 2e-4);
}

TEST_F(Sound, TheAttenuationLimitHolds) {
  make("a.wav", kFloat, 16000);
  const double gain = std::pow(10.0, -3.0 / 20);
  EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "half", "--atten-limit-db", "3"}), gain), 1e-3);
  EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "half", "--atten-limit-db", "20"}), 0.5), 2e-4);
}

TEST_F(Sound, ThePostFilterWeakensWhatIsWeakenedAlready) {
  make("a.wav", kFloat, 16000);
  const double warp = std::sin(M_PI / 4), ratio = 1 / (warp * warp);
  const double gain = 0.5 * warp * std::sqrt(1.02 * ratio / (1 + 0.02 * ratio * ratio));
  EXPECT_LT(distance(read("a.wav"), denoised("a.wav", {"--model", "half", "--post-filter", "1"}), gain), 1e-3);
}

TEST_F(Sound, LinkedChannelsKeepTheirRatio) {
  make("a.wav", kFloat, 48000, 1, std::size_t{20000});
  std::vector<double> both;
  for (const double v : read("a.wav")) both.insert(both.end(), {v, -0.25 * v});
  make("both.wav", kFloat, 48000, 2, both);
  const std::vector<double> linked = denoised("both.wav", {"--model", "random", "--link-channels"});
  for (std::size_t i = 0; i < linked.size(); i += 2) ASSERT_NEAR(linked[i + 1], -0.25 * linked[i], 1e-7) << i;
  EXPECT_GT(distance(linked, denoised("both.wav", {"--model", "random"})), 1e-4);
}

TEST_F(Sound, ResidueAndResultAddUpToTheInput) {
  make("a.wav", kFloat, 44100, 2);
  const std::vector<double> input = read("a.wav"), result = denoised("a.wav", {"--model", "random"});
  std::vector<double> sum = denoised("a.wav", {"--model", "random", "--residue"});
  double removed = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    removed = std::max(removed, std::abs(sum[i]));
    sum[i] += result[i];
  }
  EXPECT_LT(distance(input, sum), 1e-6);
  EXPECT_GT(removed, 0.01);
}

TEST_F(Sound, SilenceStaysSilence) {
  make("a.wav", kFloat, 16000, 1, std::vector<double>(20000, 0.0));
  for (const double sample : denoised("a.wav", {"--model", "random"})) ASSERT_EQ(sample, 0);
}

}  // namespace
}  // namespace pellucid::cli
