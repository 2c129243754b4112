// A Network with memory of exactly the size it asks for, so that a sanitizer sees every step beyond.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "aligned_bytes.hpp"
#include "nn/network.hpp"

namespace pellucid::nn::test {

struct OwnedNetwork {
  explicit OwnedNetwork(std::vector<std::uint8_t> model_bytes, const Kernels& kernels = best_kernels())
      : model(std::move(model_bytes)) {
    error = file.parse(model.data(), model.size());
    if (error.status != ModelStatus::kOk) return;
    dsp::Arena measure;
    Network sizes;
    NetworkState state_size;
    sizes.init(file, measure, kernels);
    state_size.init(sizes, measure);
    memory = aligned_bytes(measure.bytes());
    dsp::Arena arena(memory.get(), measure.bytes());
    ok = network.init(file, arena, kernels) && state.init(network, arena);
  }
  std::vector<std::uint8_t> model;
  ModelFile file;
  ModelError error;
  OwnedBytes memory;
  Network network;
  NetworkState state;
  bool ok = false;
};

}  // namespace pellucid::nn::test
