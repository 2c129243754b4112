// Whether plugins find the models that were installed with them, by their own place: prints the latency that each
// tells, and ends with 1 where one found none.
#include <cstdio>
#include <exception>

#include "small_hosts.hpp"

int main() try {
  using namespace pellucid::plugin::test;
  int failed = 0;
  for (const Format format : formats()) {
    const auto plugin = load(format, 48000, 1);
    plugin->activate();
    const float in[64] = {};
    float out[64];
    const float* input[] = {in};
    float* output[] = {out};
    plugin->run(input, output, 64);
    std::printf("%s: %u samples\n", name_of(format), plugin->latency());
    failed += plugin->latency() == 0;
  }
  return failed > 0;
} catch (const std::exception& error) {
  std::printf("%s\n", error.what());
  return 1;
}
