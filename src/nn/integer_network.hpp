// The network of docs/network.md in integers, frame by frame; the counterpart of network.hpp.
//
//   constexpr IntegerLayout kLayout = integer_layout(kModel.architecture);      // sizes are known to the compiler
//   alignas(16) uint8_t scratch[kLayout.bytes];
//   int16_t memory[integer_state_values(kModel.architecture)];                  // what a channel carries on
//   IntegerNetwork network;  network.init(kModel, kScalarIntegerKernels, scratch);
//   IntegerState state{memory};
//   network.process_frame(state, spectrum, network.compression(), spectrum);    // 32 bits, of FixedStft
//
// Nothing in the scratch memory is needed between frames, and in one it is used over and over: the transforms' work and
// what lies between reduce and expand share a place, a decoder's layer writes over the skip it adds, and the gates are
// made for kRowsTogether bands at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/fixed_stft.hpp"
#include "nn/integer_kernels.hpp"
#include "nn/integer_model.hpp"

namespace pellucid::nn {

/// Bands whose GRU gates are made together.
inline constexpr size_t kRowsTogether = 8;

/// Where things lie in the scratch memory, in bytes from its start.
struct IntegerLayout {
  size_t features = 0;                       // int16 [P][3f] *
  size_t skips[kMaxEncoderLayers + 1] = {};  // int16 [P][C] *
  size_t mask = 0;                           // int16 [P][2f]
  size_t column = 0;                         // int16 [max(P, B)]
  size_t work = 0;                           // int32 [2][window + 2] of FixedStft, over all that follows
  size_t z[2] = {};                          // int16 [B][D] *; the second with frequency mixer conv only
  size_t bands = 0;                          // int16 [B][max(C, D)]
  size_t gates[2] = {};                      // int16 [kRowsTogether][3H]
  size_t taps = 0;                           // int16 [B][K * D]
  size_t bytes = 0;
};  // *: (kernel - 1) / 2 rows of zeros on both sides; the offset is that of the first row within

constexpr size_t integer_rows(size_t& at, size_t rows, size_t columns, size_t margin) {
  const size_t first = at + 2 * margin * columns;
  at += (2 * (rows + 2 * margin) * columns + 15) / 16 * 16;
  return first;
}

constexpr IntegerLayout integer_layout(const Architecture& a) {
  const size_t P = a.positions(), C = a.channels, B = a.bands, D = a.width, margin = a.kernel / 2;
  IntegerLayout layout;
  size_t at = 0;
  layout.features = integer_rows(at, P, size_t{3} * a.fold, margin);
  for (size_t i = 0; i <= a.encoder_layers; ++i) layout.skips[i] = integer_rows(at, P, C, margin);
  layout.mask = integer_rows(at, P, size_t{2} * a.fold, 0);
  layout.column = integer_rows(at, 1, P > B ? P : B, 0);
  layout.work = at;
  const size_t work_end = at + 2 * sizeof(int32_t) * dsp::FixedStft::work_values(a.window_samples);
  const bool conv = a.freq_mixer == FreqMixer::kConv;
  layout.z[0] = integer_rows(at, B, D, conv ? margin : 0);
  layout.z[1] = conv ? integer_rows(at, B, D, margin) : layout.z[0];
  layout.bands = integer_rows(at, B, C > D ? C : D, 0);
  if (a.time_mixer == TimeMixer::kGru) {
    for (size_t& gates : layout.gates) gates = integer_rows(at, kRowsTogether, size_t{3} * a.hidden, 0);
  } else {
    layout.taps = integer_rows(at, B, D * a.time_kernel, 0);
  }
  layout.bytes = (at > work_end ? at : work_end) + kIntegerSlack;
  return layout;
}

/// Numbers of 16 bits that a channel carries from frame to frame inside the network.
constexpr size_t integer_state_values(const Architecture& a) {
  if (a.time_mixer == TimeMixer::kGru) return size_t{a.blocks} * a.bands * a.hidden;
  return size_t{a.blocks} * (a.time_kernel - 1) * ((size_t{1} << a.time_layers) - 1) * a.bands * a.width;
}

/// After so many frames the rings of a network's convolutions over time all stand where they started.
constexpr uint32_t integer_period(const Architecture& a) {
  const bool rings = a.time_mixer == TimeMixer::kConv && a.time_kernel > 1 && a.time_layers > 0;
  return rings ? (a.time_kernel - 1) << (a.time_layers - 1) : 1;
}

/// What one channel carries from frame to frame.
struct IntegerState {
  int16_t* values = nullptr;  ///< [integer_state_values], zero at the start
  uint32_t frame = 0;         ///< which one it is of integer_period
};

/// Called with each intermediate result as network.hpp says, and with "gates" before sigmoid and tanh.
using IntegerObserver = void (*)(void* user, const char* name, uint32_t index, const int16_t* values, size_t rows,
                                 size_t columns);

class IntegerNetwork {
 public:
  /// model and what it points to have to live on. scratch: integer_layout().bytes, aligned to 16.
  void init(const IntegerModel& model, const IntegerKernels& kernels, void* scratch);
  const IntegerModel& model() const { return *model_; }
  /// Without a limit; set_least_gain changes a copy.
  const IntegerCompression& compression() const { return compression_; }
  /// The memory of FixedStft, which a frame's spectra may lie in.
  int32_t* work() const { return reinterpret_cast<int32_t*>(scratch_ + layout_.work); }
  /// Memory for `bins` numbers that nothing needs between frames.
  int16_t* spent_features() const { return reinterpret_cast<int16_t*>(scratch_ + layout_.features); }
  /// spectrum and cleaned are [bins() + 1][re, im], Nyquist last; they may be the same.
  void process_frame(IntegerState& state, const int32_t* spectrum, const IntegerCompression& limits, int32_t* cleaned);
  /// The same frame within other limits, as long as nobody has used the scratch memory since but for its work.
  void apply_mask(const IntegerCompression& limits, int32_t* cleaned) const;
  void set_observer(IntegerObserver observer, void* user) {
    observer_ = observer;
    observer_user_ = user;
  }

 private:
  int16_t* at(size_t offset) const { return reinterpret_cast<int16_t*>(scratch_ + offset); }
  void observe(const char* name, uint32_t index, const int16_t* values, size_t rows, size_t columns) const {
    if (observer_ != nullptr) observer_(observer_user_, name, index, values, rows, columns);
  }
  /// The next product of the frame on rows of x; a convolution where it has more columns than `channels`.
  void run(const int16_t* x, size_t rows, size_t channels, const int16_t* residual, const int16_t* residual2,
           int16_t* y);
  void mix(const int16_t* x, size_t width, const int16_t* residual, int16_t* y);
  void encode();
  void time_gru(int16_t* h);
  int16_t* time_conv(uint32_t frame, int16_t* rings);
  void mix_frequencies();
  void decode();

  const IntegerModel* model_ = nullptr;
  const IntegerKernels* kernels_ = nullptr;
  const IntegerProduct* next_ = nullptr;
  int32_t nyquist_ = 0;  // of the frame
  uint8_t* scratch_ = nullptr;
  int16_t *z_ = nullptr, *other_z_ = nullptr;
  IntegerLayout layout_;
  IntegerCompression compression_ = {};
  IntegerObserver observer_ = nullptr;
  void* observer_user_ = nullptr;
};

}  // namespace pellucid::nn
