#include "nn/kernels.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kernel_checks.hpp"

namespace pellucid::nn {
namespace {

/// A check and the set of kernels it is for.
using Case = std::tuple<int, const Kernels*>;

class KernelSets : public testing::TestWithParam<Case> {};

TEST_P(KernelSets, Satisfy) {
  const auto& [check, kernels] = GetParam();
  EXPECT_EQ(test::kKernelChecks[check].run(*kernels), "");
}

std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all;
  while (const Kernels* kernels = kernels_at(all.size())) all.push_back(kernels);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelSets,
                         testing::Combine(testing::Range(0, test::kKernelCheckCount), testing::ValuesIn(all_kernels())),
                         [](const testing::TestParamInfo<Case>& one) {
                           return std::string(test::kKernelChecks[std::get<0>(one.param)].name) + "_" +
                                  std::get<1>(one.param)->name;
                         });

TEST(Kernels, AreFoundByName) {
  const std::vector<const Kernels*> all = all_kernels();
  ASSERT_FALSE(all.empty());
  EXPECT_STREQ(all.front()->name, "portable");
  EXPECT_EQ(all.back(), &best_kernels());
  std::set<std::string> names;
  for (const Kernels* kernels : all) {
    EXPECT_EQ(kernels_named(kernels->name), kernels);
    names.insert(kernels->name);
  }
  EXPECT_EQ(names.size(), all.size());
  EXPECT_EQ(kernels_named("avx"), nullptr);
  EXPECT_EQ(kernels_named(""), nullptr);
  EXPECT_EQ(kernels_named("portable2"), nullptr);
}

}  // namespace
}  // namespace pellucid::nn
