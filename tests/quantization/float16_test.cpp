// Float models in float16: the nearest numbers, and the network that has those numbers in float32.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../nn/owned_network.hpp"
#include "../nn/random_model.hpp"
#include "../nn/sparse_model.hpp"
#include "quantization/float16_file.hpp"
#include "support/error.hpp"

namespace pellucid::quantization {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes in_float16(const Bytes& model) {
  const std::string bytes = encode_float16(std::as_bytes(std::span(model)), "model");
  return {bytes.begin(), bytes.end()};
}

TEST(Float16, EveryNumberComesBack) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    if ((half & 0x7c00) == 0x7c00) continue;
    const int exponent = static_cast<int>(half >> 10 & 31);
    const double size =
        exponent == 0 ? std::ldexp(half & 0x3ff, -24) : std::ldexp(0x400 + (half & 0x3ff), exponent - 25);
    const float value = nn::float_of_half(half);
    ASSERT_EQ(value, (half & 0x8000) != 0 ? -size : size) << half;
    ASSERT_EQ(half_of(value), half);
  }
}

TEST(Float16, TheNearestAndOfTwoTheEven) {
  for (std::uint32_t half = 0; half < 0x7bff; ++half) {
    const float low = nn::float_of_half(half), high = nn::float_of_half(half + 1), middle = low + (high - low) / 2;
    ASSERT_EQ(half_of(middle), half % 2 == 0 ? half : half + 1);
    ASSERT_EQ(half_of(std::nextafter(middle, 0.0f)), half);
    ASSERT_EQ(half_of(std::nextafter(middle, 1e9f)), half + 1);
    ASSERT_EQ(half_of(-middle), half_of(middle) | 0x8000);
  }
  EXPECT_EQ(half_of(65519.0f), 0x7bff);
  EXPECT_EQ(half_of(65520.0f), 0x7c00);
  EXPECT_EQ(half_of(-INFINITY), 0xfc00);
}

std::vector<float> spectra(const Bytes& model) {
  nn::test::OwnedNetwork owned(model);
  EXPECT_TRUE(owned.ok) << owned.error.detail;
  nn::test::Random random(9);
  std::vector<float> all, x(2 * owned.network.architecture().bins() + 2);
  for (int frame = 0; frame < 5; ++frame) {
    for (float& value : x) value = static_cast<float>(random.uniform());
    owned.network.process_frame(owned.state, x.data(), x.data());
    all.insert(all.end(), x.begin(), x.end());
  }
  return all;
}

TEST(Float16, AFileIsTheNetworkOfItsNumbers) {
  for (std::uint64_t seed = 1; seed < 30; ++seed) {
    const nn::Architecture a = nn::test::random_architecture(seed);
    const auto zeros = nn::test::zero_blocks(a, seed, 0.4);
    const bool sparse = seed % 2 == 0;
    const auto rounded = [&](const std::string& name, float* values, std::size_t count) {
      if (sparse) zeros(name, values, count);
      for (std::size_t i = 0; i < count; ++i) values[i] = nn::float_of_half(half_of(values[i]));
    };
    const Bytes exact = nn::test::make_random_model(a, seed, 0.7, {}, rounded);
    const Bytes whole = nn::test::make_random_model(a, seed, 0.7, {}, sparse ? zeros : nn::test::Edit());
    const Bytes half = in_float16(sparse ? nn::test::in_blocks(whole) : whole);
    EXPECT_LT(half.size(), (sparse ? nn::test::in_blocks(whole) : whole).size());
    nn::ModelFile file;
    ASSERT_EQ(file.parse(half.data(), half.size()).status, nn::ModelStatus::kOk) << seed;
    EXPECT_TRUE(file.any_half());
    EXPECT_EQ(spectra(half), spectra(sparse ? nn::test::in_blocks(exact) : exact)) << seed;
  }
}

TEST(Float16, RefusesWhatIsTooLarge) {
  const nn::Architecture a = nn::test::small_architecture();
  const auto large = [](const std::string& name, float* values, std::size_t) {
    if (name == "out.bias") values[1] = -65520.0f;
  };
  try {
    in_float16(nn::test::make_random_model(a, 1, 1.0, {}, large));
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("model: out.bias holds -65520"), std::string::npos) << error.what();
  }
}

TEST(Float16, AnInfiniteNumberIsNoModel) {
  Bytes half = in_float16(nn::test::make_random_model(nn::test::small_architecture(), 1));
  half[half.size() - 1] = 0x7c;  // of the last number the byte with its exponent
  half[half.size() - 2] = 0;
  const std::size_t length = half[0] | static_cast<std::size_t>(half[1]) << 8;
  std::string header(half.begin() + 8, half.begin() + 8 + static_cast<std::ptrdiff_t>(length));
  header.replace(header.find("crc32:"), 14, "crc32:00000000");
  const Bytes data(half.begin() + 8 + static_cast<std::ptrdiff_t>(length), half.end());
  half = nn::test::assemble_bytes(header, data);
  nn::ModelFile file;
  EXPECT_STREQ(file.parse(half.data(), half.size()).detail, "a weight is not finite");
}

}  // namespace
}  // namespace pellucid::quantization
