// Writes models with random weights, float and int8, one of each mixer, into the folder named by the argument.
#include <cstdio>
#include <string>

#include "../nn/random_integer_model.hpp"

int main(int argc, char** argv) {
  using namespace pellucid::nn;
  if (argc != 2) return 2;
  const Architecture architectures[] = {test::small_architecture(TimeMixer::kGru, FreqMixer::kDense),
                                        test::small_architecture(TimeMixer::kConv, FreqMixer::kConv)};
  const char* const names[] = {"random_gru.safetensors", "random_conv.safetensors", "random_gru_int8.safetensors",
                               "random_conv_int8.safetensors"};
  for (int i = 0; i < 4; ++i) {
    const Architecture& a = architectures[i % 2];
    const auto model = i < 2 ? test::make_random_model(a, 1) : test::make_random_integer_model(a, 1);
    std::FILE* file = std::fopen((std::string(argv[1]) + "/" + names[i]).c_str(), "wb");
    if (file == nullptr) return 1;
    const bool written = std::fwrite(model.data(), 1, model.size(), file) == model.size();
    if (std::fclose(file) != 0 || !written) return 1;
  }
  return 0;
}
