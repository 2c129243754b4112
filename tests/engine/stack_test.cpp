// How much of the stack the C API takes, as pellucid.h says: measured on painted memory that a thread runs on.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

/// Bytes of a thread's stack that `body` touches, its own frames and what the C library keeps there included.
std::size_t touched(const std::function<void()>& body) {
  constexpr std::size_t kBytes = 1 << 20;
  constexpr unsigned char kPaint = 0xA5;
  auto* const stack = static_cast<unsigned char*>(std::aligned_alloc(4096, kBytes));
  std::fill_n(stack, kBytes, kPaint);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstack(&attributes, stack, kBytes), 0);
  pthread_t thread;
  const auto run = [](void* function) -> void* {
    (*static_cast<const std::function<void()>*>(function))();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&body)), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const auto* const deepest = std::find_if(stack, stack + kBytes, [](unsigned char byte) { return byte != kPaint; });
  const auto bytes = static_cast<std::size_t>(stack + kBytes - deepest);
  std::free(stack);
  return bytes;
}

TEST(Stack, IsWhatTheHeaderSays) {
  const std::size_t nothing = touched([] {});
  for (const auto& [name, process_bytes] : {std::pair{"base", 4096}, {"small-int8", 40960}}) {
    std::ifstream file(std::string(PELLUCID_SOURCE_DIR "/models/") + name + ".safetensors", std::ios::binary);
    const Model model{std::istreambuf_iterator<char>(file), {}};
    for (const std::uint32_t rate : {16000u, 48000u}) {
      pellucid_config config = config_for(model, rate, 2);
      config.post_filter = 0.5f;
      pellucid_denoiser* denoiser = nullptr;
      const std::size_t making = touched([&] { EXPECT_EQ(pellucid_create(&config, &denoiser), PELLUCID_OK); });
      std::vector<float> block(std::size_t{2} * 4096, 0.1f);
      const std::size_t processing =
          touched([&] { pellucid_process_interleaved(denoiser, block.data(), block.data(), 4096); });
      EXPECT_LE(making - nothing, 48u * 1024) << name << " at " << rate << " Hz";
      EXPECT_LE(processing - nothing, static_cast<std::size_t>(process_bytes)) << name << " at " << rate << " Hz";
      RecordProperty(std::string(name) + "_" + std::to_string(rate), std::to_string(processing - nothing));
      pellucid_destroy(denoiser);
    }
  }
}

}  // namespace
}  // namespace pellucid::engine
