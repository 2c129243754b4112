// Writes a model with random weights to the file named by the first argument.
#include <cstdio>

#include "../nn/random_model.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto model = pellucid::nn::test::make_random_model(pellucid::nn::test::small_architecture(), 1);
  std::FILE* file = std::fopen(argv[1], "wb");
  if (file == nullptr) return 1;
  const bool written = std::fwrite(model.data(), 1, model.size(), file) == model.size();
  return std::fclose(file) == 0 && written ? 0 : 1;
}
