// run() calls nothing that could wait: no heap, lock, file, sleep.
#include <gtest/gtest.h>

#include <cstdlib>

#include "../engine/forbidden_calls.hpp"
#include "../engine/session.hpp"
#include "small_hosts.hpp"

namespace pellucid::plugin::test {
namespace {

using engine::test::ForbiddenCalls;
using engine::test::noise;
using engine::test::Samples;

// Every block size, every control, in place and crosswise, with and without a model.
void use(Hosted& plugin, std::vector<Samples>& buffers) {
  for (std::uint32_t block = 1; block <= 8192; block = 2 * block + 1) {
    const float* input[2] = {buffers[0].data(), buffers[1].data()};
    float* output[2] = {buffers[block % 2].data(), buffers[1 - block % 2].data()};
    plugin.run(input, output, block);
  }
}

TEST(PluginRealtime, RunCallsNothingForbidden) {
  ::setenv("PELLUCID_MODELS", PELLUCID_SOURCE_DIR "/models", 1);
  ::unsetenv("PELLUCID_MODEL");
  for (const Format format : formats()) {
    for (const double rate_hz : {16000.0, 48000.0, 4000.0}) {
      for (const std::uint32_t channels : {1u, 2u}) {
        const auto plugin = load(format, rate_hz, channels);
        plugin->activate();
        std::vector<Samples> buffers{noise(8192, 1), noise(8192, 2)};
        for (int round = 0; round < 4; ++round) {
          plugin->set("strength", round == 1 ? 0.5f : 1.0f);
          plugin->set("post_filter", round == 2 ? 1.0f : 0.0f);
          plugin->set("enabled", round == 3 ? 0.0f : 1.0f);
          plugin->set("model", static_cast<float>(round));
          const ForbiddenCalls watch;
          use(*plugin, buffers);
          const std::string first = watch.first();
          ASSERT_EQ(first, "") << name_of(format) << ", " << rate_hz << " Hz, " << channels << " channels";
        }
      }
    }
  }
}

// Whether the watcher sees into the plugins at all: activation loads a model from a file.
TEST(PluginRealtime, TheWatcherSeesInside) {
  const auto plugin = load(Format::kLadspa, 16000, 1);
  const ForbiddenCalls watch;
  plugin->activate();
  const std::string first = watch.first();
  EXPECT_NE(first, "");
}

}  // namespace
}  // namespace pellucid::plugin::test
