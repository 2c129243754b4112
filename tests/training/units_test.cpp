// Cutting units out of a network: the same function as one in which nothing reads them.
#include "training/units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "../nn/random_model.hpp"
#include "training/network.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;

std::vector<Architecture> all_architectures() {
  std::vector<Architecture> all;
  for (const auto time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention})
    for (const auto freq : {FreqMixer::kDense, FreqMixer::kConv, FreqMixer::kGru, FreqMixer::kAttention})
      for (const auto output : {Output::kComplexMask, Output::kBandGains}) {
        Architecture a = default_architecture();
        a.window_samples = 128;
        a.hop_samples = 64;
        a.channels = 6;
        a.encoder_layers = 2;
        a.bands = 7;
        a.width = 8;
        a.hidden = 6;
        a.freq_hidden = 4;
        a.heads = 2;
        a.context_frames = 5;
        a.time_mixer = time;
        a.freq_mixer = freq;
        a.output = output;
        all.push_back(a);
      }
  return all;
}

Tensors random_tensors(const Architecture& a) {
  Tensors tensors;
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(a, i, &spec); ++i)
    tensors.emplace_back(spec.name, torch::randn(std::vector<std::int64_t>(spec.shape, spec.shape + spec.rank)) * 0.3);
  return tensors;
}

Tensor mask_of(const Architecture& a, const Tensors& tensors, const Tensor& features, long steps) {
  Network network(a);
  network.load(tensors);
  network.eval();
  return network.forward(features, steps);
}

class UnitsTest : public testing::TestWithParam<Architecture> {};

TEST_P(UnitsTest, ACutIsWhatIsLeftWhenNothingReadsTheUnits) {
  torch::manual_seed(5);
  torch::NoGradGuard no_grad;
  const Architecture a = GetParam();
  const Units units = units_of(a);
  const Tensors tensors = random_tensors(a);
  const Tensor features = torch::randn({12, a.positions(), 3 * a.fold});
  for (std::size_t chosen = 0; chosen < units.groups.size(); ++chosen) {
    Kept kept = all_kept(a, units);
    for (std::size_t g = 0; g < kept.size(); ++g) {  // others of the same number lose as many, but not the same ones
      if (units.groups[g].number != units.groups[chosen].number) continue;
      kept[g].erase(kept[g].begin() + 1 + std::ptrdiff_t(g % 2));
      kept[g].erase(kept[g].begin());
    }
    Tensors unread;
    for (const auto& [name, tensor] : tensors) unread.emplace_back(name, tensor.clone());
    for (auto& [name, tensor] : unread)
      for (const UnitAxis& axis : units.axes) {
        if (axis.tensor != name || !axis.reads) continue;
        std::int64_t from = 0;
        for (const std::size_t g : axis.groups) {
          const std::int64_t count = a.*units.groups[g].number;
          for (std::int64_t u = 0; u < count; ++u)
            if (!std::count(kept[g].begin(), kept[g].end(), u)) tensor.select(axis.axis, from + u).zero_();
          from += count;
        }
      }
    Architecture smaller;
    const Tensors left = cut(a, units, kept, tensors, &smaller);
    const Tensor expected = mask_of(a, unread, features, 6), actual = mask_of(smaller, left, features, 6);
    const double scale = expected.abs().max().item<double>();
    EXPECT_LT((actual - expected).abs().max().item<double>(), 1e-4 * scale) << units.groups[chosen].name;
    const Tensor whole = mask_of(a, tensors, features, 6);
    EXPECT_GT((whole - expected).abs().max().item<double>(), 1e-3 * scale) << units.groups[chosen].name;
    EXPECT_LT(nn::multiply_adds_per_frame(smaller), nn::multiply_adds_per_frame(a));
  }
}

INSTANTIATE_TEST_SUITE_P(Mixers, UnitsTest, testing::ValuesIn(all_architectures()),
                         [](const auto& info) { return nn::test::combination_name(info.param); });

TEST(Choose, TakesWhatLosesLeastAndKeepsTheFloor) {
  const Architecture a = default_architecture();
  const Units units = units_of(a, 2);
  Importance importance;
  for (const UnitGroup& group : units.groups) importance.emplace_back(a.*group.number, 1.0);
  importance[1][3] = importance[1][17] = 0;  // two of the width
  ASSERT_EQ(units.groups[1].name, "width");
  const std::uint64_t whole = nn::multiply_adds_per_frame(a);
  const Architecture floor = smallest(a, units);
  const Kept little = choose(a, units, importance, floor, whole - 1);
  std::set<std::int64_t> left(little[1].begin(), little[1].end());
  EXPECT_EQ(left.size(), a.width - 2);
  EXPECT_EQ(left.count(3) + left.count(17), 0u);
  EXPECT_EQ(little[0].size(), a.channels);

  const auto after = [&](const Kept& kept) {
    Architecture smaller;
    cut(a, units, kept, random_tensors(a), &smaller);
    return smaller;
  };
  EXPECT_LE(nn::multiply_adds_per_frame(after(choose(a, units, importance, floor, whole / 3))), whole / 3);
  // Nothing that was cut, and is worth something, would still fit.
  Importance all = importance;
  all[1][3] = all[1][17] = 0.5;
  for (const double share : {0.8, 0.5, 0.35}) {
    const auto most = std::uint64_t(share * double(whole));
    const Architecture chosen = after(choose(a, units, all, floor, most));
    for (const UnitGroup& kind : units.groups) {
      Architecture more = chosen;
      more.*kind.number = std::min(a.*kind.number, chosen.*kind.number + kind.multiple);
      if (more.*kind.number != chosen.*kind.number) {
        EXPECT_GT(nn::multiply_adds_per_frame(more), most) << share << " " << kind.name;
      }
    }
  }
  const Architecture least = after(choose(a, units, importance, floor, 1));
  EXPECT_EQ(nn::multiply_adds_per_frame(least), nn::multiply_adds_per_frame(floor));
  EXPECT_EQ(least.channels, 4u);
  EXPECT_EQ(least.bands, 5u);
  const Units eights = units_of(a, 8);
  const Architecture coarse = after(choose(a, eights, importance, smallest(a, eights), whole / 2));
  EXPECT_EQ(coarse.width % 8 + coarse.hidden % 8 + coarse.channels % 8, 0u);
}

}  // namespace
}  // namespace pellucid::training
