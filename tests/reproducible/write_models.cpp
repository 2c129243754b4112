// Writes models with random weights, float and int8, one of each mixer, into the folder named by the argument.
#include <cstdio>
#include <string>

#include "../nn/random_integer_model.hpp"

int main(int argc, char** argv) {
  using namespace pellucid::nn;
  if (argc != 2) return 2;
  Architecture architectures[] = {test::small_architecture(TimeMixer::kGru, FreqMixer::kDense),
                                  test::small_architecture(TimeMixer::kConv, FreqMixer::kConv),
                                  test::small_architecture(TimeMixer::kAttention, FreqMixer::kGru),
                                  test::small_architecture(TimeMixer::kGru, FreqMixer::kAttention, Output::kBandGains)};
  architectures[2].hop_samples = architectures[2].window_samples / 4;
  const struct {
    const char* name;
    const Architecture& a;
    bool integer;
  } models[] = {{"random_gru", architectures[0], false},       {"random_conv", architectures[1], false},
                {"random_gru_int8", architectures[0], true},   {"random_conv_int8", architectures[1], true},
                {"random_attention", architectures[2], false}, {"random_gains", architectures[3], false}};
  for (const auto& each : models) {
    const auto model = each.integer ? test::make_random_integer_model(each.a, 1) : test::make_random_model(each.a, 1);
    std::FILE* file = std::fopen((std::string(argv[1]) + "/" + each.name + ".safetensors").c_str(), "wb");
    if (file == nullptr) return 1;
    const bool written = std::fwrite(model.data(), 1, model.size(), file) == model.size();
    if (std::fclose(file) != 0 || !written) return 1;
  }
  return 0;
}
