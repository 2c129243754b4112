// The network of docs/network.md, frame by frame.
//
//   ModelFile file;                                      // parsed
//   Arena measure;  Network sizes;  sizes.init(file, measure);           // counts: measure.bytes()
//   Arena arena(memory, bytes);
//   Network network;  network.init(file, arena);         // weights are copied, the file may go
//   NetworkState state;  state.init(network, arena);     // one a channel
//   network.process_frame(state, spectrum, cleaned);     // [bins + 1][re, im] each
//
// One Network serves any number of states, one call at a time: its scratch memory is its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "nn/architecture.hpp"
#include "nn/kernels.hpp"
#include "nn/model_file.hpp"

namespace pellucid::nn {

/// Called with each intermediate result, [rows][columns], contiguous. Names: "features" (step 2), "in", "encoder.1" …
/// (step 3: e[0], e[1] …), "reduce" (step 4, embedding added), "blocks.0.time", "blocks.0.freq" … (step 5: z after the
/// mixer), "expand" (step 6: x), "decoder.1" … (step 7, with the skip added), "gains" (output band_gains), "mask"
/// (step 8).
using Observer = void (*)(void* user, const char* name, const float* values, size_t rows, size_t columns);

class Network;

/// What one channel carries from frame to frame.
class NetworkState {
 public:
  bool init(const Network& network, dsp::Arena& arena);
  void reset();

 private:
  friend class Network;
  uint64_t frame_ = 0;
  size_t size_ = 0;
  float* values_ = nullptr;
};

class Network {
 public:
  /// Copies and packs the weights. False when the arena has no memory (also when it only counts).
  bool init(const ModelFile& file, dsp::Arena& arena, const Kernels& kernels = best_kernels());

  const Architecture& architecture() const { return architecture_; }
  /// One frame: spectrum and cleaned are [bins() + 1][re, im] with Nyquist last; they may be the same.
  void process_frame(NetworkState& state, const float* spectrum, float* cleaned);
  void set_observer(Observer observer, void* user);

 private:
  /// A convolution (taps > 1), or a linear layer.
  struct Layer {
    size_t in = 0, out = 0, taps = 1;
    const float *weight = nullptr, *bias = nullptr, *slope = nullptr;
    const uint32_t *block_end = nullptr, *block_step = nullptr;  // of a sparse weight, as in Affine
  };
  struct Block {
    Layer time_in;                         // gru: of the input; attention: queries, keys and values
    Layer time_hidden;                     // gru
    Layer time_out;                        // gru and attention
    Layer time_layer[kMaxTimeLayers];      // conv
    const float* time_position = nullptr;  // attention: [heads][W], by lag
    const float* mix = nullptr;            // dense: [B][B][D]
    Layer freq_in[2], freq_hidden[2];      // gru, up and down; attention: queries, keys and values in the first
    const float* freq_position = nullptr;  // attention: [heads][B][B]
    Layer freq;                            // conv: conv, else out
  };
  class Packer;

  void run(const Layer& layer, const float* x, size_t rows, const float* residual, const float* residual2, float* y);
  void mix_rows(const float* matrix, size_t rows, const float* x, size_t in, const float* residual, float* y);
  void encode(const float* features);
  void reduce();
  /// The mixers change z_[0]; those of time return where the next block's memory begins.
  float* mix_time(const Block& block, uint64_t frame, float* memory);
  float* time_gru(const Block& block, float* h);
  float* time_conv(const Block& block, uint64_t frame, float* rings);
  float* time_attention(const Block& block, uint64_t frame, float* ring);
  void mix_frequencies(const Block& block);
  void freq_gru(const Block& block);
  void freq_attention(const Block& block);
  void find_gains();
  void expand();
  void decode();
  bool take_scratch(dsp::Arena& arena);
  void observe(const char* prefix, int index, const char* suffix, const float* values, size_t rows, size_t columns);

  Architecture architecture_;
  const Kernels* kernels_ = nullptr;
  Compression compression_ = {};
  dsp::Power nyquist_power_ = {};
  Observer observer_ = nullptr;
  void* observer_user_ = nullptr;

  Layer in_, encoder_[kMaxEncoderLayers], decoder_[kMaxEncoderLayers], reduce_proj_, expand_proj_, out_;
  const float *reduce_ = nullptr, *expand_ = nullptr, *embedding_ = nullptr;
  Block blocks_[kMaxBlocks];

  // Scratch. Those marked * have (kernel-1)/2 rows of zeros on both sides.
  float* features_ = nullptr;                 // * [P][3f]
  float* skips_[kMaxEncoderLayers + 1] = {};  // * e[i], [P][C]
  float* x_[2] = {};                          // * [P][C], in turn
  float* z_[2] = {};                          // * [B][D], in turn
  float* bands_ = nullptr;                    // [B], of the widest that is kept there
  float* gates_[2] = {};                      // [B][3H or 3G]
  float* unit_ = nullptr;                     // [G]
  float* taps_ = nullptr;                     // [B][K * D]
  float* keys_ = nullptr;                     // [B][2H]: keys and values of this frame
  float* scores_ = nullptr;                   // [W or B]
  const float** entries_ = nullptr;           // [W or B]
  float* mask_ = nullptr;                     // [P][2f]
  float* bin_scratch_ = nullptr;              // [2 * bins]
};

}  // namespace pellucid::nn
