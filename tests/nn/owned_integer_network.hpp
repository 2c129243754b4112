// An int8 model and what runs it, in memory of exactly the size that is asked for.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "aligned_bytes.hpp"
#include "nn/integer_network.hpp"
#include "nn/model_file.hpp"

namespace pellucid::nn::test {

struct OwnedIntegerModel {
  explicit OwnedIntegerModel(std::vector<std::uint8_t> model_bytes,
                             const IntegerKernels& kernels = kScalarIntegerKernels)
      : bytes(std::move(model_bytes)) {
    error = file.parse(bytes.data(), bytes.size());
    if (error.status != ModelStatus::kOk || file.arithmetic() != Arithmetic::kInt8) return;
    dsp::Arena measure;
    load_integer_model(file, kernels, measure, &model);
    memory = aligned_bytes(measure.bytes());
    dsp::Arena arena(memory.get(), measure.bytes());
    ok = load_integer_model(file, kernels, arena, &model);
  }
  std::vector<std::uint8_t> bytes;
  ModelFile file;
  ModelError error;
  OwnedBytes memory;
  IntegerModel model;
  bool ok = false;
};

}  // namespace pellucid::nn::test
