// The network of a model file, float or int8, on spectra of floats.
//
//   SpectralNetwork network;  network.init(file, nullptr, arena);
//   SpectralState state;  network.init_state(&state, arena);
//   network.process_frame(state, spectrum, cleaned);            // [bins + 1][re, im] each
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/lift.hpp"
#include "nn/integer_network.hpp"
#include "nn/network.hpp"

namespace pellucid::engine {

struct SpectralState {
  nn::NetworkState floats;
  nn::IntegerState integers;
  Lift lift;
};

/// Which kernels to use; null for the best.
struct KernelChoice {
  const nn::Kernels* floats = nullptr;
  const nn::IntegerKernels* integers = nullptr;
};

class SpectralNetwork {
 public:
  /// False when the arena has no memory (also when it only counts).
  bool init(const nn::ModelFile& file, const KernelChoice& choice, dsp::Arena& arena);
  bool init_state(SpectralState* state, dsp::Arena& arena) const;
  void reset_state(SpectralState& state) const;

  const nn::Architecture& architecture() const { return architecture_; }
  /// A spectrum is in the units of docs/network.md; the two may be the same. What is quiet is heard as well (Lift).
  void process_frame(SpectralState& state, const float* spectrum, float* cleaned);

  /// Of an int8 model.
  bool integer() const { return integer_; }
  const nn::IntegerModel& integer_model() const { return model_; }
  const nn::IntegerKernels& integer_kernels() const { return *integer_kernels_; }
  void* integer_scratch() const { return scratch_; }
  int32_t* integer_work() const { return integers_.work(); }

 private:
  void run(SpectralState& state, const float* spectrum, float* cleaned);

  nn::Architecture architecture_;
  bool integer_ = false;
  nn::Network floats_;
  nn::IntegerModel model_ = {};
  const nn::IntegerKernels* integer_kernels_ = nullptr;
  nn::IntegerNetwork integers_;
  uint8_t* scratch_ = nullptr;
  int32_t* spectrum_ = nullptr;  // [bins + 1][re, im]
};

/// A part of a spectrum as floats in the units of docs/network.md, and back to the nearest.
void to_floats(const int32_t* spectrum, size_t count, int32_t spectrum_q, float* floats);
void to_integers(const float* floats, size_t count, int32_t spectrum_q, int32_t* spectrum);

}  // namespace pellucid::engine
