#include "nn/integer_kernels.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integer_kernel_checks.hpp"

namespace pellucid::nn {
namespace {

std::vector<const IntegerKernels*> all_kernels() {
  std::vector<const IntegerKernels*> all;
  while (const IntegerKernels* kernels = integer_kernels_at(all.size())) all.push_back(kernels);
  return all;
}

class IntegerKernelSets : public testing::TestWithParam<const IntegerKernels*> {};

TEST_P(IntegerKernelSets, GiveTheBitsOfTheScalarSet) {
  EXPECT_EQ(test::check_integer_products(*GetParam()), "");
  EXPECT_EQ(test::check_integer_bins(*GetParam()), "");
  EXPECT_EQ(test::check_integer_transform(*GetParam()), "");
  EXPECT_EQ(test::check_integer_networks(*GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Kernels, IntegerKernelSets, testing::ValuesIn(all_kernels()),
                         [](const auto& set) { return std::string(set.param->name); });

TEST(IntegerKernels, AreFoundByName) {
  const auto all = all_kernels();
  EXPECT_EQ(all.front(), &kScalarIntegerKernels);
  EXPECT_EQ(all.back(), &best_integer_kernels());
  for (const IntegerKernels* kernels : all) EXPECT_EQ(integer_kernels_named(kernels->name), kernels);
  EXPECT_EQ(integer_kernels_named("scalar"), nullptr);
}

}  // namespace
}  // namespace pellucid::nn
