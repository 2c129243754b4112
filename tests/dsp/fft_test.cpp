#include "dsp/fft.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "reference.hpp"

namespace pellucid::dsp {
namespace {

using test::Random;

/// A transform with memory of exactly the size it asked for.
struct Owned {
  explicit Owned(std::uint32_t size) {
    Arena measure;
    RealFft scratch;
    scratch.init(size, measure);
    memory.resize(measure.bytes() / Arena::kAlignment);
    Arena arena(memory.data(), measure.bytes());
    ok = fft.init(size, arena);
  }
  struct alignas(Arena::kAlignment) Block {
    std::uint8_t bytes[Arena::kAlignment];
  };
  std::vector<Block> memory;
  RealFft fft;
  bool ok = false;
};

void compare_with_definition(std::uint32_t size) {
  SCOPED_TRACE(size);
  Owned owned(size);
  ASSERT_TRUE(owned.ok);
  ASSERT_EQ(owned.fft.size(), size);
  ASSERT_EQ(owned.fft.bins(), size / 2 + 1);
  Random random(size);
  std::vector<float> x(size), back(size), spectrum(size + 2);
  for (float& v : x) v = random.sample();
  const auto expected = test::naive_dft(std::vector<double>(x.begin(), x.end()));
  owned.fft.forward(x.data(), spectrum.data());
  // The error of a transform in float grows with the root of its energy.
  const double tolerance = 6e-7 * std::sqrt(static_cast<double>(size));
  for (std::size_t k = 0; k < expected.size(); ++k) {
    ASSERT_NEAR(spectrum[2 * k], expected[k].real(), tolerance) << "bin " << k;
    ASSERT_NEAR(spectrum[2 * k + 1], expected[k].imag(), tolerance) << "bin " << k;
  }
  owned.fft.inverse(spectrum.data(), back.data());
  for (std::size_t i = 0; i < size; ++i) ASSERT_NEAR(back[i], x[i], 1e-6) << "sample " << i;
}

TEST(RealFft, EqualsTheDefinitionAtEverySmallSize) {
  int sizes = 0;
  for (std::uint32_t size = 2; size <= 400; ++size) {
    if (RealFft::supports(size)) compare_with_definition(size), ++sizes;
  }
  EXPECT_GT(sizes, 90);
}

TEST(RealFft, EqualsTheDefinitionAtSizesOfSound) {
  for (const std::uint32_t size : {512u, 704u, 768u, 1024u, 1408u, 1536u, 2816u, 3072u, 4096u, 2 * 2187u, 2 * 3125u}) {
    compare_with_definition(size);
  }
}

TEST(RealFft, SaysWhichSizesItSupports) {
  for (const std::uint32_t size : {0u, 1u, 2u, 3u, 5u, 34u, 38u, 513u, 1412u, RealFft::kMaxSize + 2, 0xfffffffeu}) {
    EXPECT_FALSE(RealFft::supports(size)) << size;
    Arena arena;
    RealFft fft;
    EXPECT_FALSE(fft.init(size, arena)) << size;
  }
  for (const std::uint32_t size : {4u, 6u, 22u, 26u, 30u, 512u, 1408u, RealFft::kMaxSize}) {
    EXPECT_TRUE(RealFft::supports(size)) << size;
  }
}

TEST(RealFft, FindsTheNearestSize) {
  EXPECT_EQ(RealFft::nearest_size(512.0), 512u);
  EXPECT_EQ(RealFft::nearest_size(1411.2), 1408u);
  EXPECT_EQ(RealFft::nearest_size(705.6), 704u);
  EXPECT_EQ(RealFft::nearest_size(34.1), 36u);
  EXPECT_EQ(RealFft::nearest_size(33.9), 32u);
  EXPECT_EQ(RealFft::nearest_size(34.1, 4), 36u);
  EXPECT_EQ(RealFft::nearest_size(54.0, 4), 52u);
  EXPECT_EQ(RealFft::nearest_size(54.0, 6), 54u);
  EXPECT_EQ(RealFft::nearest_size(5.0, 8), 8u);
  EXPECT_EQ(RealFft::nearest_size(3.0), 0u);
  EXPECT_EQ(RealFft::nearest_size(1e9), 0u);
  EXPECT_EQ(RealFft::nearest_size(std::nan("")), 0u);
  for (double samples = 4; samples < 5000; samples += 3.7) {
    const std::uint32_t size = RealFft::nearest_size(samples);
    ASSERT_TRUE(RealFft::supports(size)) << samples;
    for (std::uint32_t other = 4; other < 2 * samples; other += 2) {
      if (!RealFft::supports(other)) continue;
      ASSERT_LE(std::abs(size - samples), std::abs(other - samples)) << samples;
    }
  }
}

TEST(RealFft, RefusesMemoryThatIsTooSmall) {
  Arena measure;
  RealFft fft;
  EXPECT_FALSE(fft.init(512, measure));
  ASSERT_GT(measure.bytes(), 512 * sizeof(float));
  std::vector<std::uint8_t> memory(measure.bytes() + Arena::kAlignment);
  void* start = memory.data();
  std::size_t room = memory.size();
  ASSERT_NE(std::align(Arena::kAlignment, measure.bytes(), start, room), nullptr);
  Arena small(start, measure.bytes() - 1);
  EXPECT_FALSE(fft.init(512, small));
  Arena enough(start, measure.bytes());
  EXPECT_TRUE(fft.init(512, enough));
}

}  // namespace
}  // namespace pellucid::dsp
