#include "nn/integer_model.hpp"

#include <gtest/gtest.h>

#include <string>

#include "owned_integer_network.hpp"
#include "random_integer_model.hpp"

namespace pellucid::nn {
namespace {

using test::make_random_integer_model;
using test::OwnedIntegerModel;

ModelError parse(const std::vector<std::uint8_t>& bytes) {
  ModelFile file;
  return file.parse(bytes.data(), bytes.size());
}

/// The error of a model in which the tensor `name` starts with these bytes.
ModelError error_with(const std::string& name, const std::vector<std::uint8_t>& start) {
  return parse(
      make_random_integer_model(test::small_architecture(), 1, {}, [&](const std::string& tensor, auto& bytes) {
        if (tensor == name) std::copy(start.begin(), start.end(), bytes.begin());
      }));
}

TEST(IntegerModel, IsReadAtEveryArchitecture) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Architecture a = test::random_architecture(seed);
    a.window_samples = 64u << seed % 4;
    a.hop_samples = a.window_samples / 2;
    const OwnedIntegerModel owned(make_random_integer_model(a, seed));
    ASSERT_TRUE(owned.ok) << owned.error.detail;
    EXPECT_EQ(owned.file.features_q(), 11);
    EXPECT_EQ(owned.file.mask_q(), 14);
    ProductSpec spec;
    std::uint64_t weights = 0;
    for (std::uint32_t i = 0; product_spec(a, i, &spec); ++i) {
      EXPECT_EQ(owned.model.products[i].rows, spec.rows);
      EXPECT_EQ(owned.model.products[i].columns, spec.columns);
      weights += std::uint64_t{spec.rows} * spec.columns;
    }
    std::uint64_t expected = 0;
    TensorSpec tensor;
    for (std::uint32_t i = 0; tensor_spec(a, i, &tensor); ++i) {
      if (tensor.rank > 1 && std::string(tensor.name) != "embedding") expected += tensor.count();
    }
    EXPECT_EQ(weights, expected);
  }
}

TEST(IntegerModel, RefusesWhatItCannotRun) {
  const Architecture a = test::small_architecture();
  EXPECT_EQ(parse(make_random_integer_model(a, 1, {{"arithmetic", "int4"}})).status, ModelStatus::kUnsupported);
  EXPECT_EQ(parse(make_random_integer_model(a, 1, {{"arithmetic", "float32"}})).status, ModelStatus::kDamaged);
  EXPECT_EQ(parse(make_random_integer_model(a, 1, {{"features_q", "16"}})).status, ModelStatus::kUnsupported);
  EXPECT_EQ(parse(make_random_integer_model(a, 1, {{"mask_q", "x"}})).status, ModelStatus::kUnsupported);
  EXPECT_EQ(parse(make_random_integer_model(a, 1, {{"compression", "1"}})).status, ModelStatus::kUnsupported);
  EXPECT_EQ(parse(test::make_random_model(a, 1, 1.0, {{"arithmetic", "int8"}, {"features_q", "11"}, {"mask_q", "14"}}))
                .status,
            ModelStatus::kDamaged);
  Architecture odd = a;
  odd.window_samples = 320;
  odd.hop_samples = 160;
  EXPECT_EQ(parse(make_random_integer_model(odd, 1)).status, ModelStatus::kUnsupported);
}

TEST(IntegerModel, RefusesNumbersThatOverflow) {
  EXPECT_EQ(error_with("in.scale", {31, 0, 0xff, 0x3f, 1, 0xc0}).status, ModelStatus::kOk);
  EXPECT_STREQ(error_with("in.scale", {32, 0}).detail, "the shift of a row is outside 0 to 31");
  EXPECT_STREQ(error_with("in.scale", {0xff, 0xff}).detail, "the shift of a row is outside 0 to 31");
  EXPECT_STREQ(error_with("out.scale", {3, 0, 0, 0x40}).detail, "the multiplier of a row is outside -16383 to 16383");
  EXPECT_STREQ(error_with("out.scale", {3, 0, 0, 0, 0, 0xc0}).detail,
               "the multiplier of a row is outside -16383 to 16383");
  EXPECT_STREQ(error_with("reduce.bias", {0xff, 0xff, 0xff, 0x7f}).detail, "the sum of a row can overflow");
  EXPECT_STREQ(error_with("reduce.bias", {0, 0, 0, 0x80}).detail, "the sum of a row can overflow");
  Architecture wide = test::small_architecture();
  wide.channels = 200;  // 600 columns
  const auto loud = [](const std::string& tensor, auto& bytes) {
    if (tensor == "encoder.1.weight") std::fill(bytes.begin(), bytes.end(), std::uint8_t{127});
  };
  EXPECT_STREQ(parse(make_random_integer_model(wide, 1, {}, loud)).detail, "the sum of a row can overflow");
  EXPECT_EQ(parse(make_random_integer_model(wide, 1)).status, ModelStatus::kOk);
}

/// What small_architecture needs, known to the compiler.
constexpr Architecture nano() {
  Architecture a;
  a.sample_rate_hz = 16000;
  a.window_samples = 512;
  a.hop_samples = 256;
  a.fold = 4;
  a.channels = 8;
  a.kernel = 3;
  a.encoder_layers = 1;
  a.bands = 16;
  a.width = 16;
  a.blocks = 2;
  a.hidden = 16;
  return a;
}

TEST(IntegerModel, ItsMemoryIsKnownToTheCompilerAndSmall) {
  static_assert(integer_state_values(nano()) == 2 * 16 * 16);
  static_assert(integer_layout(nano()).bytes < 12 * 1024);
  EXPECT_EQ(integer_layout(nano()).work % 16, 0u);
}

}  // namespace
}  // namespace pellucid::nn
