// Denoises a second of a rising tone through pellucid.hpp; the first argument names the model.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <pellucid/pellucid.hpp>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> model{std::istreambuf_iterator<char>(file), {}};
  pellucid::Denoiser denoiser(model.data(), model.size(), 48000, 2);
  denoiser.set_strength(0.0f);
  denoiser.reset();
  std::vector<float> sound(2 * 48000);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = std::sin(1e-6f * static_cast<float>(i * i % 6283185));
  std::vector<float> out(sound.size());
  denoiser.process_interleaved(sound.data(), out.data(), 48000);
  const std::size_t late = 2 * denoiser.latency_samples();
  for (std::size_t i = late; i < out.size(); ++i) {
    if (out[i] != sound[i - late]) return 1;
  }
  try {
    pellucid::Denoiser(model.data(), model.size() / 2, 48000);
    return 1;
  } catch (const pellucid::DenoiserError& error) {
    std::printf("%s %s\n", pellucid_version(), error.what());
  }
  return 0;
}
