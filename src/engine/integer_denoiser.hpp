// The denoiser in integers, hop by hop: 16-bit samples of the model's own rate in and out, one channel. It is what runs
// on a chip; the same numbers come out everywhere.
//
//   constexpr size_t kState = IntegerDenoiser::state_bytes(kModel.architecture);
//   constexpr size_t kScratch = IntegerDenoiser::scratch_bytes(kModel.architecture);
//   alignas(16) static uint8_t state[kState], scratch[kScratch];
//   static IntegerDenoiser denoiser;
//   denoiser.init(kModel, nn::kScalarIntegerKernels, state, scratch);
//   denoiser.process(hop_in, hop_out);                      // what came in one hop earlier, denoised
//
// No floating point, heap, division by anything but constants, or call of a library but memcpy and memset.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/lift.hpp"
#include "nn/integer_network.hpp"

namespace pellucid::engine {

class IntegerDenoiser {
 public:
  static constexpr int32_t kFullStrength = 32768;  ///< Q15
  static constexpr int32_t kNoLimitDb = 100;

  /// What a channel keeps from hop to hop.
  static constexpr size_t state_bytes(const nn::Architecture& a) {
    return (sizeof(int32_t) + sizeof(int16_t)) * a.hop_samples + sizeof(int16_t) * nn::integer_state_values(a) +
           nn::kIntegerSlack;
  }
  /// What it needs while it works; denoisers that take turns may share it.
  static constexpr size_t scratch_bytes(const nn::Architecture& a) { return nn::integer_layout(a).bytes; }

  /// model, state and scratch (both aligned to 16) have to live on.
  void init(const nn::IntegerModel& model, const nn::IntegerKernels& kernels, void* state, void* scratch);
  /// As after init; settings stay.
  void reset();

  uint32_t hop_samples() const { return hop_; }
  /// Takes a hop, gives the one before it. in and out may be the same.
  void process(const int16_t* in, int16_t* out) { synthesise(clean(analyse(in)), in, out); }
  /// The steps of process. A spectrum is [hop_samples() + 1][re, im] in the scratch memory, every part within ±2^29,
  /// and may be changed between them.
  int32_t* analyse(const int16_t* in) { return stft_.analyse(last_hop_, in, network_.work()); }
  int32_t* clean(int32_t* spectrum);
  /// clean in two steps: what the network makes of the frame, and that within the attenuation limit.
  int32_t* clean_without_limit(int32_t* spectrum);
  int32_t* limit(int32_t* cleaned);
  void synthesise(const int32_t* spectrum, const int16_t* in, int16_t* out);

  /// How much of the denoised sound is wanted, Q15; reached over the next hop. At 0 the input comes out to the bit.
  void set_strength(int32_t strength) { strength_wanted_ = strength; }
  /// Every bin keeps at least so much of its level: decibels in Q8; 256 * kNoLimitDb or more for no limit.
  void set_attenuation_limit_q8(int32_t limit_db_q8);

  nn::IntegerNetwork& network() { return network_; }
  /// Bits after the point of a spectrum of samples with full scale 1.
  int32_t spectrum_q() const { return limits_.spectrum_q; }

 private:
  void lift(int32_t* spectrum);
  int32_t* lower(int32_t* cleaned) const;

  dsp::FixedStft stft_;
  nn::IntegerNetwork network_;
  nn::IntegerState network_state_;
  nn::IntegerCompression limits_ = {};
  Lift lift_;
  int32_t lifted_bits_ = 0;  // of this frame
  uint32_t hop_ = 0;
  int32_t hop_bits_ = 0;         // a power of two
  int32_t* overlap_ = nullptr;   // [hop]
  int16_t* last_hop_ = nullptr;  // [hop]
  size_t state_values_ = 0;
  int32_t strength_ = kFullStrength, strength_wanted_ = kFullStrength;
};

}  // namespace pellucid::engine
