// The figures of a validation, on networks whose mask is one known number.
#include "training/validation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../corpus/prepare_support.hpp"
#include "corpus/corpus.hpp"
#include "support/error.hpp"
#include "training/network.hpp"
#include "training/spectrum.hpp"

namespace pellucid::training {
namespace {

class ValidationTest : public testing::Test {
 protected:
  ValidationTest() {
    corpus::test::make_recordings(folder_.path());
    corpus::prepare(corpus::test::options_for(folder_.path(), folder_.path() / "corpus"), {});
    recipe_.model.channels = 4;
    recipe_.train.valid_pairs = 5;
  }
  Scores with_mask(float gain, bool with_pesq = false) const {
    Network network(recipe_.model);
    torch::NoGradGuard no_grad;
    auto parameters = network.file_parameters();
    parameters.at("out.weight").zero_();
    parameters.at("out.bias").zero_();
    for (std::uint32_t j = 0; j < recipe_.model.fold; ++j) parameters.at("out.bias")[2 * j] = gain;
    const auto corpus = corpus::Corpus::open(folder_.path() / "corpus");
    return Validation(corpus, recipe_).run(network, Spectrum(recipe_.model, torch::kCPU), with_pesq);
  }

  corpus::test::TempFolder folder_;
  Recipe recipe_;
};

TEST_F(ValidationTest, TellsWhatIsLeftOfNoiseAlone) {
  // The mask multiplies compressed spectra: |gain X^c| = (gain^(1/c) |X|)^c.
  const Scores half = with_mask(0.5f);
  EXPECT_NEAR(half.noise_alone_db, 20 * std::log10(0.5) / recipe_.model.compression, 0.3);
  const Scores through = with_mask(1);
  EXPECT_NEAR(through.noise_alone_db, 0, 0.05);
  EXPECT_NEAR(through.si_sdr_db, through.noisy_si_sdr_db, 0.1) << "a mask of one changes nothing";
  EXPECT_EQ(through.lost, 0);
  EXPECT_EQ(through.clips, 7) << "five pairs, a clip of noise for every four";
  EXPECT_EQ(with_mask(0).noise_alone_db, -60);
}

TEST_F(ValidationTest, WhatMakesNoNumbersIsWorseThanAll) {
  for (const float gain : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e38f}) {
    const Scores lost = with_mask(gain, true);
    EXPECT_EQ(lost.lost, 7) << gain;
    EXPECT_EQ(lost.clips, 7);
    for (const double figure : {lost.loss, lost.si_sdr_db, lost.stoi, lost.noise_alone_db, lost.pesq})
      EXPECT_TRUE(std::isnan(figure)) << gain << ": " << figure;
    EXPECT_EQ(lost.score(), -std::numeric_limits<double>::infinity());
    EXPECT_NE(lost.in_words().find("no number in 7 of 7 clips"), std::string::npos) << lost.in_words();
    EXPECT_THROW(expect_numbers(lost, "model"), Error);
  }
  const Scores silent = with_mask(0, true);
  EXPECT_TRUE(std::isfinite(silent.score())) << "silence is bad, but it is numbers";
  EXPECT_NO_THROW(expect_numbers(silent, "model"));
}

}  // namespace
}  // namespace pellucid::training
