// The products of the trainer's kernels, in floats and in pairs of bfloat16, against plain loops. Whole numbers below
// 2^8 are bfloat16, and their sums floats: nothing may be rounded.
#include <gtest/gtest.h>

#include <bit>

#include "support/random.hpp"
#include "training/kernels_amx.hpp"
#include "training/kernels_products.hpp"

namespace pellucid::training::kernels {
namespace {

std::vector<float> whole_numbers(Random& random, Index count) {
  std::vector<float> out(static_cast<std::size_t>(count));
  for (auto& x : out) x = float(int(random.uniform(-9, 9)));
  return out;
}

struct Shape {
  Index rows, depth, columns, row_step;
};
// Rows that lie side by side, and rows that overlap as the taps of a convolution do.
std::vector<Shape> shapes(Random& random) {
  std::vector<Shape> out;
  for (int i = 0; i < 60; ++i) {
    const Index in = 2 * (1 + Index(random.uniform(0, 20))), taps = 1 + Index(random.uniform(0, 5));
    const Index rows = 1 + Index(random.uniform(0, 70)), columns = 1 + Index(random.uniform(0, 150));
    out.push_back({rows, in * taps, columns, i % 2 ? in : in * taps});
  }
  return out;
}

class ProductsTest : public testing::TestWithParam<Precision> {};

TEST_P(ProductsTest, ByAConstant) {
  Random random(5);
  for (const auto& s : shapes(random)) {
    const auto a = whole_numbers(random, (s.rows - 1) * s.row_step + s.depth);
    const auto b = whole_numbers(random, s.depth * s.columns), before = whole_numbers(random, s.rows * s.columns);
    ConstantProduct product(GetParam(), s.depth, s.columns, [&](Index r, Index c) { return b[r * s.columns + c]; });
    for (const bool add : {false, true}) {
      auto y = before;
      product.run(s.rows, a.data(), s.row_step, y.data(), add);
      for (Index r = 0; r < s.rows; ++r)
        for (Index c = 0; c < s.columns; ++c) {
          float expected = add ? before[r * s.columns + c] : 0;
          for (Index k = 0; k < s.depth; ++k) expected += a[r * s.row_step + k] * b[k * s.columns + c];
          ASSERT_EQ(y[r * s.columns + c], expected) << s.rows << " " << s.depth << " " << s.columns;
        }
    }
  }
}

TEST_P(ProductsTest, GradientOfWeights) {
  Random random(6);
  for (const auto& s : shapes(random)) {
    WeightGradient gradient(GetParam(), s.depth, s.columns);
    std::vector<float> expected(static_cast<std::size_t>(s.depth * s.columns));
    for (int part = 0; part < 2; ++part) {
      const auto x = whole_numbers(random, (s.rows - 1) * s.row_step + s.depth);
      const auto d = whole_numbers(random, s.rows * s.columns + kLanes);
      gradient.add(s.rows, x.data(), s.row_step, d.data());
      for (Index r = 0; r < s.rows; ++r)
        for (Index k = 0; k < s.depth; ++k)
          for (Index c = 0; c < s.columns; ++c)
            expected[k * s.columns + c] += x[r * s.row_step + k] * d[r * s.columns + c];
    }
    for (Index k = 0; k < s.depth; ++k)
      for (Index c = 0; c < s.columns; ++c)
        ASSERT_EQ(gradient.sum(k, c), expected[k * s.columns + c]) << s.rows << " " << s.depth << " " << s.columns;
  }
}

// Where there are tiles, the products above take them; this holds them to the vectors of other processors.
TEST(PairsTest, TilesMultiplyAsVectorsDo) {
  if (!has_tiles()) GTEST_SKIP() << "no AMX here";
  Random random(7);
  const auto pairs_of = [&](Index count) {
    std::vector<Pair> out(static_cast<std::size_t>(count));
    for (Pair& p : out)
      p = std::bit_cast<Pair>(float(int(random.uniform(-9, 9)))) >> 16 |
          std::bit_cast<Pair>(float(int(random.uniform(-9, 9))));
    return out;
  };
  for (int i = 0; i < 60; ++i) {
    const Index m = 1 + Index(random.uniform(0, 70)), n = 1 + Index(random.uniform(0, 150));
    const Index pairs = kTile * (1 + Index(random.uniform(0, 4))), row_step = pairs + Index(random.uniform(0, 9));
    const auto a = pairs_of(m * row_step), b = pairs_of(pairs * padded(n));
    for (const bool add : {false, true}) {
      std::vector<float> by_vectors = whole_numbers(random, m * n), by_tiles = by_vectors;
      gemm(m, n, pairs, a.data(), row_step, 1, b.data(), padded(n), by_vectors.data(), n, add ? 1 : 0);
      tile_product(m, n, pairs, a.data(), row_step, b.data(), padded(n), by_tiles.data(), n, add);
      ASSERT_EQ(by_tiles, by_vectors) << m << " " << n << " " << pairs;
    }
  }
}

// To the nearest, ties to even: 1 + 2^-8 lies between 1 and 1 + 2^-7.
TEST(PairsTest, RoundToNearest) {
  const auto rounded = [](float x) {
    const float a[2] = {x, 0};
    ConstantProduct product(Precision::kBfloat16, 2, 1, [](Index, Index) { return 1.0f; });
    float y = 0;
    product.run(1, a, 2, &y, false);
    return y;
  };
  EXPECT_EQ(rounded(1 + 0x1p-8f), 1.0f);
  EXPECT_EQ(rounded(1 + 0x1p-8f + 0x1p-20f), 1 + 0x1p-7f);
  EXPECT_EQ(rounded(1 + 0x3p-8f), 1 + 0x1p-6f);
  EXPECT_EQ(rounded(-1 - 0x1p-8f), -1.0f);
  EXPECT_EQ(rounded(0x1.fep127f), 0x1.fep127f);
}

INSTANTIATE_TEST_SUITE_P(Precisions, ProductsTest, testing::Values(Precision::kFloat32, Precision::kBfloat16));

}  // namespace
}  // namespace pellucid::training::kernels
