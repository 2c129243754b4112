// Pairs mixed by LibTorch's operators are those of corpus::mix, one augmentation after another.
#include "training/mixing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "../corpus/mix_memory.hpp"
#include "corpus/loader_pair.hpp"
#include "strict_device.hpp"

namespace pellucid::training {
namespace {

using corpus::MixOptions, corpus::PairDraft;
using torch::Tensor;

constexpr int kRate = 16000, kPairs = 12;
constexpr long kSamples = 3 * kRate;
constexpr double kRounding_db = -95;  // against the sound

const std::pair<const char*, double MixOptions::*> kAugmentations[] = {
    {"high SNR", &MixOptions::high_snr_probability},    {"clean", &MixOptions::clean_probability},
    {"silence", &MixOptions::silence_probability},      {"second noise", &MixOptions::second_noise_probability},
    {"synthetic", &MixOptions::synthetic_probability},  {"babble", &MixOptions::babble_probability},
    {"transients", &MixOptions::transient_probability}, {"gain ramps", &MixOptions::gain_ramp_probability},
    {"equaliser", &MixOptions::equalizer_probability},  {"room", &MixOptions::room_probability},
    {"low-pass", &MixOptions::lowpass_probability},     {"resampler", &MixOptions::resampler_probability},
    {"clipping", &MixOptions::clip_probability},        {"quantisation", &MixOptions::quantize_probability},
    {"speed", &MixOptions::speed_probability},
};

MixOptions with(double probability) {
  MixOptions options;
  for (const auto& augmentation : kAugmentations) options.*augmentation.second = probability;
  return options;
}

std::vector<PairDraft> draw(const MixOptions& options, int pairs, long samples = kSamples) {
  static const corpus::MemoryClips clips = corpus::small_collection();
  const corpus::PairMaker maker(clips, options, corpus::Split::kTrain);
  std::vector<PairDraft> drafts;
  for (std::uint64_t i = 0; i < std::uint64_t(pairs); ++i) drafts.push_back(maker.draw(7, i, std::size_t(samples)));
  return drafts;
}

double error_db(const Tensor& found, const Tensor& expected) {
  const double error = (found - expected).square().sum().item<double>(), all = expected.square().sum().item<double>();
  return error == 0 ? -300 : 10 * std::log10(error / all);
}

// Of every pair: noisy and clean.
void expect_as_on_cpu(const std::string& what, std::vector<PairDraft> drafts, torch::Device device,
                      double noisy_limit_db = kRounding_db) {
  SCOPED_TRACE(what);
  const Mixture mixture = mix(drafts, kRate, device);
  const Tensor noisy = mixture.noisy.to(torch::kCPU), clean = mixture.clean.to(torch::kCPU);
  const auto samples = static_cast<std::int64_t>(drafts.front().speech.size());
  ASSERT_EQ(noisy.sizes(), (at::IntArrayRef{std::int64_t(drafts.size()), samples}));
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Tensor expected_noisy = torch::empty({samples}), expected_clean = torch::empty({samples});
    corpus::mix(drafts[i], kRate, {expected_noisy.data_ptr<float>(), std::size_t(samples)},
                {expected_clean.data_ptr<float>(), std::size_t(samples)});
    EXPECT_LT(error_db(noisy[long(i)], expected_noisy), noisy_limit_db) << i;
    EXPECT_LT(error_db(clean[long(i)], expected_clean), kRounding_db) << i;
    EXPECT_EQ(drafts[i].pure, noisy[long(i)].equal(clean[long(i)])) << i;
  }
}

TEST(Mixing, EveryAugmentationIsThatOfTheCpu) {
  expect_as_on_cpu("plain", draw(with(0), kPairs), torch::kCPU);
  for (const auto& [name, entry] : kAugmentations) {
    MixOptions options = with(0);
    options.*entry = 1;
    if (entry == &MixOptions::babble_probability) options.babble_room_probability = 0.5;
    if (entry == &MixOptions::silence_probability) options.silence_probability = 0.5;
    // A sample that lies between two steps may go to either.
    const bool steps = entry == &MixOptions::quantize_probability;
    expect_as_on_cpu(name, draw(options, kPairs), torch::kCPU, steps ? -70 : kRounding_db);
  }
}

TEST(Mixing, AllTogetherIsThatOfTheCpuAlsoOnADevice) {
  MixOptions options = with(0.5);
  options.quantize_probability = 0;
  options.babble_room_probability = 0.5;
  const auto drafts = draw(options, 40);
  expect_as_on_cpu("on the CPU", drafts, torch::kCPU);
#if TORCH_VERSION_MAJOR < 2
  expect_as_on_cpu("on a device", drafts, test::strict_device());
#endif
}

TEST(Mixing, LoudPairsAndShortOnesAreThoseOfTheCpu) {
  MixOptions options = with(0);
  options.level_min_dbfs = options.level_max_dbfs = -3;
  expect_as_on_cpu("loud", draw(options, kPairs), torch::kCPU);
  options.level_min_dbfs = options.level_max_dbfs = -45;
  expect_as_on_cpu("quiet", draw(options, kPairs), torch::kCPU);
  options.room_probability = 1;
  expect_as_on_cpu("shorter than the hangover and the room", draw(options, kPairs, 2000), torch::kCPU);
}

#if TORCH_VERSION_MAJOR < 2

// A GPU is slow to start operators and fast at what they do.
TEST(Mixing, ALargerBatchIsNoMoreOperatorsAndNothingComesBack) {
  MixOptions options = with(1);
  options.clean_probability = options.silence_probability = 0;
  const auto work = [&](int pairs) {
    const auto drafts = draw(options, pairs);
    const test::Work before = test::strict_device_work();
    mix(drafts, kRate, test::strict_device());
    const test::Work after = test::strict_device_work();
    return std::pair{after.operators - before.operators, after.to_cpu - before.to_cpu};
  };
  const auto few = work(2), many = work(9);
  EXPECT_EQ(few, many);
  EXPECT_EQ(few.second, 0);
  EXPECT_LT(few.first, 1000);
}

#endif

}  // namespace
}  // namespace pellucid::training
