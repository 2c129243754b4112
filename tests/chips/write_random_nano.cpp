// Writes a float model of the size of nano with random weights to the file named by the argument.
#include <cstdio>

#include "../nn/random_model.hpp"

int main(int argc, char** argv) {
  using namespace pellucid::nn;
  if (argc != 2) return 2;
  Architecture a = test::small_architecture(TimeMixer::kGru, FreqMixer::kDense);
  a.sample_rate_hz = 16000;
  a.window_samples = 512;
  a.hop_samples = 256;
  a.fold = 4;
  a.kernel = 3;
  a.channels = 8;
  a.encoder_layers = 1;
  a.bands = 16;
  a.width = 16;
  a.hidden = 16;
  a.blocks = 2;
  const auto model = test::make_random_model(a, 1);
  std::FILE* file = std::fopen(argv[1], "wb");
  if (file == nullptr) return 1;
  const bool written = std::fwrite(model.data(), 1, model.size(), file) == model.size();
  return std::fclose(file) == 0 && written ? 0 : 1;
}
