// A filter for a pipe: reads 32-bit float samples (mono) from stdin, writes them denoised and aligned to stdout.
//
//   stream MODEL RATE < noisy.raw > clean.raw
//
// After `make install`: c++ -std=c++17 stream.cpp $(pkg-config --cflags --libs pellucid) -o stream
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <pellucid/pellucid.hpp>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: stream MODEL RATE < noisy.raw > clean.raw\n");
    return 2;
  }
  std::vector<char> model;
  try {
    std::ifstream file(argv[1], std::ios::binary);
    model.assign(std::istreambuf_iterator<char>(file), {});
  } catch (const std::ios_base::failure&) {  // a folder
  }
  if (model.empty()) {
    std::fprintf(stderr, "stream: %s cannot be read.\n", argv[1]);
    return 1;
  }
  try {
    pellucid::Denoiser denoiser(model.data(), model.size(), static_cast<std::uint32_t>(std::atoi(argv[2])));
    std::vector<float> block(480);
    std::size_t late = denoiser.latency_samples(), pending = 0, spoken = 0, blocks = 0;
    while (true) {
      std::size_t n = std::fread(block.data(), sizeof(float), block.size(), stdin);
      pending += n;
      if (n == 0) {  // the end: silence pushes out what is still inside
        n = std::min(block.size(), pending + late);
        if (pending == 0) break;
        std::fill_n(block.begin(), n, 0.0f);
      }
      denoiser.process_interleaved(block.data(), block.data(), n);
      ++blocks;
      spoken += denoiser.status().voice_active;
      const std::size_t skip = std::min(late, n), out = std::min(n - skip, pending);  // the start lies before the sound
      late -= skip;
      pending -= out;
      if (std::fwrite(block.data() + skip, sizeof(float), out, stdout) != out) return 1;
    }
    std::fprintf(stderr, "somebody spoke in %zu of %zu blocks\n", spoken, blocks);
  } catch (const pellucid::DenoiserError& error) {
    std::fprintf(stderr, "stream: %s\n", error.what());
    return 1;
  }
  return 0;
}
