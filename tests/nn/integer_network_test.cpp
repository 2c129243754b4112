#include "nn/integer_network.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "aligned_bytes.hpp"
#include "owned_integer_network.hpp"
#include "random_integer_model.hpp"

namespace pellucid::nn {
namespace {

Architecture rings(std::uint32_t time_kernel, std::uint32_t time_layers) {
  Architecture a = test::small_architecture(TimeMixer::kConv);
  a.window_samples = 64;
  a.hop_samples = 32;
  a.bands = 4;
  a.time_kernel = time_kernel;
  a.time_layers = time_layers;
  return a;
}

/// What noise becomes in 60 frames, the first of which has the number `start`.
std::vector<std::int32_t> cleaned_from(const test::OwnedIntegerModel& owned, std::uint32_t start) {
  const Architecture& a = owned.model.architecture;
  const test::OwnedBytes scratch = test::aligned_bytes(integer_layout(a).bytes);
  std::vector<std::int16_t> memory(integer_state_values(a) + kIntegerSlack);
  IntegerNetwork network;
  network.init(owned.model, kScalarIntegerKernels, scratch.get());
  IntegerState state{memory.data(), start};
  test::Random random(1);
  std::vector<std::int32_t> spectrum(a.window_samples + 2), all;
  for (int frame = 0; frame < 60; ++frame) {
    for (std::int32_t& x : spectrum) x = (static_cast<std::int32_t>(random.bits() >> 34) - (1 << 29)) >> 9;
    network.process_frame(state, spectrum.data(), network.compression(), spectrum.data());
    EXPECT_LT(state.frame, integer_period(a));
    all.insert(all.end(), spectrum.begin(), spectrum.end());
  }
  return all;
}

TEST(IntegerNetwork, KeepsItsPlaceInRingsOfAnyLengthHoweverLongItRuns) {
  for (std::uint32_t time_kernel : {1u, 2u, 3u, 4u, 6u}) {
    for (std::uint32_t time_layers : {1u, 3u}) {
      const test::OwnedIntegerModel owned(test::make_random_integer_model(rings(time_kernel, time_layers), 1));
      ASSERT_TRUE(owned.ok) << owned.error.detail;
      const std::vector<std::int32_t> expected = cleaned_from(owned, 0);
      EXPECT_EQ(cleaned_from(owned, integer_period(owned.model.architecture) - 1), expected) << time_kernel;
      EXPECT_EQ(cleaned_from(owned, 0xffffffe0u), expected) << time_kernel;  // 32 frames before 32 bits are used up
    }
  }
}

}  // namespace
}  // namespace pellucid::nn
