// How fast the engine is on one core: a paced stream's blocks, each timed by itself.
//
//   bench_engine MODEL [RATE_HZ] [SECONDS]
#include <fmt/format.h>
#include <pellucid/pellucid.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "Usage: bench_engine MODEL [RATE_HZ] [SECONDS]\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> model((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const int rate_hz = argc > 2 ? std::atoi(argv[2]) : 16000;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 60;

  pellucid_config config;
  pellucid_config_init(&config);
  config.model = model.data();
  config.model_size = model.size();
  config.sample_rate_hz = static_cast<std::uint32_t>(rate_hz);
  pellucid_denoiser* denoiser = nullptr;
  std::size_t bytes = 0;
  pellucid_result result = pellucid_size(&config, &bytes);
  if (result == PELLUCID_OK) result = pellucid_create(&config, &denoiser);
  if (result != PELLUCID_OK) {
    fmt::print(stderr, "bench_engine: {}: {}\n", argv[1], pellucid_result_text(result));
    return 1;
  }

  // Noise in bursts: silence would let processors and compilers take short cuts.
  const auto block = static_cast<std::size_t>(rate_hz) * 16 / 1000;
  const auto blocks = static_cast<std::size_t>(seconds * rate_hz / static_cast<double>(block));
  std::vector<float> samples(block);
  std::vector<double> times_ms(std::max<std::size_t>(blocks, 1));
  std::uint32_t random = 1;
  double cpu_s = 0;  // what else runs on the machine does not count
  for (std::size_t b = 0; b < times_ms.size(); ++b) {
    const float loudness = b % 50 < 25 ? 0.1f : 0.001f;
    for (float& x : samples) {
      random = random * 1664525u + 1013904223u;
      x = loudness * (static_cast<float>(random >> 8) / 8388608.0f - 1.0f);
    }
    const std::clock_t cpu_start = std::clock();
    const auto start = std::chrono::steady_clock::now();
    pellucid_process_interleaved(denoiser, samples.data(), samples.data(), block);
    times_ms[b] = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    cpu_s += static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  }
  pellucid_destroy(denoiser);

  std::sort(times_ms.begin(), times_ms.end());
  fmt::print("{}, {} Hz, {} blocks of 16 ms: {:.0f} x real time on one core\n", argv[1], rate_hz, times_ms.size(),
             0.016 * static_cast<double>(times_ms.size()) / cpu_s);
  fmt::print("a block: median {:.3f} ms, 99 % {:.3f} ms, 99.9 % {:.3f} ms, longest {:.3f} ms; memory {} bytes\n",
             percentile(times_ms, 0.5), percentile(times_ms, 0.99), percentile(times_ms, 0.999), times_ms.back(),
             bytes);
  return 0;
}
