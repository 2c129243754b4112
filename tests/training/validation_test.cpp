// The figures of a validation, on networks whose mask is one known number.
#include "training/validation.hpp"

#include <gtest/gtest.h>

#include "../corpus/prepare_support.hpp"
#include "corpus/corpus.hpp"
#include "training/network.hpp"
#include "training/spectrum.hpp"

namespace pellucid::training {
namespace {

TEST(Validation, TellsWhatIsLeftOfNoiseAlone) {
  const corpus::test::TempFolder folder;
  corpus::test::make_recordings(folder.path());
  corpus::prepare(corpus::test::options_for(folder.path(), folder.path() / "corpus"), {});
  const auto corpus = corpus::Corpus::open(folder.path() / "corpus");
  Recipe recipe;
  recipe.model.channels = 4;
  recipe.train.valid_pairs = 5;
  const Validation validation(corpus, recipe);
  const Spectrum spectrum(recipe.model, torch::kCPU);
  Network network(recipe.model);
  const auto with_mask = [&](float gain) {
    torch::NoGradGuard no_grad;
    auto parameters = network.file_parameters();
    parameters.at("out.weight").zero_();
    parameters.at("out.bias").zero_();
    for (std::uint32_t j = 0; j < recipe.model.fold; ++j) parameters.at("out.bias")[2 * j] = gain;
    return validation.run(network, spectrum);
  };
  // The mask multiplies compressed spectra: |gain X^c| = (gain^(1/c) |X|)^c.
  const Scores half = with_mask(0.5f);
  EXPECT_NEAR(half.noise_alone_db, 20 * std::log10(0.5) / recipe.model.compression, 0.3);
  const Scores through = with_mask(1);
  EXPECT_NEAR(through.noise_alone_db, 0, 0.05);
  EXPECT_NEAR(through.si_sdr_db, through.noisy_si_sdr_db, 0.1) << "a mask of one changes nothing";
  EXPECT_EQ(with_mask(0).noise_alone_db, -60);
}

}  // namespace
}  // namespace pellucid::training
