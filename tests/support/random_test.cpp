#include "support/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace pellucid {
namespace {

// Of the first 1000 normal numbers of Random(42, 7); any change of it breaks every seed that is in use.
constexpr std::uint64_t kFirstBits = 16119847466787273975u;
constexpr double kNormalSum = -0x1.d8604d8e1c17cp+0;

TEST(Random, IsSplitMix64) {
  // First outputs of the published generator from the state 1234567.
  std::uint64_t state = 1234567;
  const std::uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u};
  for (const std::uint64_t value : expected) EXPECT_EQ(mix64(state += 0x9E3779B97F4A7C15u), value);
}

TEST(Random, StreamsRepeatAndDiffer) {
  Random a(1, 2, 3), again(1, 2, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.bits(), again.bits());
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (int stream = 0; stream < 10; ++stream) {
      for (int item = 0; item < 10; ++item) first.insert(Random(seed, stream, item).bits());
    }
  }
  EXPECT_EQ(first.size(), 1000u);
  EXPECT_NE(Random(1, 2).bits(), Random(2, 1).bits());
}

TEST(Random, HoldsItsNumbersOnEveryPlatform) {
  EXPECT_EQ(Random(42, 7).bits(), kFirstBits);
  Random normal(42, 7);
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += normal.normal();
  EXPECT_EQ(sum, kNormalSum);
}

TEST(Random, UniformAndIntegerStayInRange) {
  Random random(5);
  std::vector<int> counts(7);
  double sum = 0;
  for (int i = 0; i < 70000; ++i) {
    ++counts[random.integer(7)];
    const double x = random.uniform(-2, 3);
    ASSERT_GE(x, -2);
    ASSERT_LT(x, 3);
    sum += x;
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_NEAR(sum / 70000, 0.5, 0.03);
  EXPECT_EQ(random.integer(0), 0u);
  EXPECT_EQ(random.integer(1), 0u);
}

TEST(Random, NormalHasTheMomentsAndTailsOfOne) {
  Random random(9);
  const int n = 400000;
  double sum = 0, squares = 0, fourth = 0;
  int beyond2 = 0, beyond4 = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond2 += std::abs(x) > 2;
    beyond4 += std::abs(x) > 4;
  }
  EXPECT_NEAR(sum / n, 0, 0.006);
  EXPECT_NEAR(squares / n, 1, 0.01);
  EXPECT_NEAR(fourth / n, 3, 0.08);
  EXPECT_NEAR(static_cast<double>(beyond2) / n, std::erfc(std::sqrt(2.0)), 0.0012);
  EXPECT_NEAR(static_cast<double>(beyond4) / n, std::erfc(4 / std::sqrt(2.0)), 5e-5);
}

TEST(Random, ShufflesEverythingOnce) {
  std::vector<int> items(100);
  for (int i = 0; i < 100; ++i) items[static_cast<std::size_t>(i)] = i;
  const std::vector<int> before = items;
  Random random(3);
  shuffle(items, random);
  EXPECT_NE(items, before);
  EXPECT_EQ(std::set<int>(items.begin(), items.end()).size(), 100u);
}

}  // namespace
}  // namespace pellucid
