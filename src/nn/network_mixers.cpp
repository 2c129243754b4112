// The mixers of docs/network.md, step 5.
#include "nn/network.hpp"

namespace pellucid::nn {
namespace {

void copy(const float* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i];
}

float scale_of(size_t head_width) { return 1.0f / dsp::pow_of(static_cast<float>(head_width), dsp::make_power(0.5)); }

}  // namespace

float* Network::mix_time(const Block& block, uint64_t frame, float* memory) {
  switch (architecture_.time_mixer) {
    case TimeMixer::kGru:
      return time_gru(block, memory);
    case TimeMixer::kConv:
      return time_conv(block, frame, memory);
    case TimeMixer::kAttention:
      break;
  }
  return time_attention(block, frame, memory);
}

float* Network::time_gru(const Block& block, float* h) {
  const size_t B = architecture_.bands, H = architecture_.hidden;
  run(block.time_in, z_[0], B, nullptr, nullptr, gates_[0]);
  run(block.time_hidden, h, B, nullptr, nullptr, gates_[1]);
  kernels_->gru_gates(gates_[0], gates_[1], h, B, H);
  run(block.time_out, h, B, z_[0], nullptr, z_[0]);
  return h + B * H;
}

float* Network::time_conv(const Block& block, uint64_t frame, float* rings) {
  const size_t B = architecture_.bands, D = architecture_.width, K = architecture_.time_kernel;
  for (uint32_t l = 0; l < architecture_.time_layers; ++l) {
    // The ring holds the last (K-1) * 2^l inputs; the oldest makes place for this one.
    const uint64_t length = uint64_t{K - 1} << l;
    for (size_t tap = 0; tap < K; ++tap) {
      const uint64_t delay = uint64_t{K - 1 - tap} << l;
      const float* from = delay == 0 ? z_[0] : rings + (frame + length - delay) % length * B * D;
      for (size_t b = 0; b < B; ++b) {
        for (size_t d = 0; d < D; ++d) taps_[(b * K + tap) * D + d] = from[b * D + d];
      }
    }
    if (length > 0) {
      float* to = rings + frame % length * B * D;
      for (size_t i = 0; i < B * D; ++i) to[i] = z_[0][i];
    }
    rings += length * B * D;
    Layer layer = block.time_layer[l];
    layer.taps = 1;  // the taps are gathered: one row a band
    run(layer, taps_, B, z_[0], nullptr, z_[0]);
  }
  return rings;
}

float* Network::time_attention(const Block& block, uint64_t frame, float* ring) {
  const size_t B = architecture_.bands, H = architecture_.hidden, W = architecture_.context_frames;
  const size_t row = 2 * H, size = B * row;
  run(block.time_in, z_[0], B, nullptr, nullptr, gates_[0]);
  for (size_t b = 0; b < B; ++b) copy(gates_[0] + b * 3 * H + H, row, keys_ + b * row);
  // Entry `lag` is the frame that many ago; the ring holds the last W-1. Before the start they are zeros.
  const uint64_t length = W - 1;
  entries_[0] = keys_;
  for (uint64_t lag = 1; lag < W; ++lag) entries_[lag] = ring + (frame + length - lag) % length * size;
  Attention attention = {};
  attention.rows = B;
  attention.entries = W;
  attention.heads = architecture_.heads;
  attention.head_width = H / architecture_.heads;
  attention.q = gates_[0];
  attention.q_stride = 3 * H;
  attention.entry = entries_;
  attention.entry_stride = row;
  attention.value_offset = H;
  attention.position = block.time_position;
  attention.position_head = W;
  attention.scale = scale_of(attention.head_width);
  attention.scores = scores_;
  attention.y = bands_;
  attention.y_stride = H;
  kernels_->attend(attention);
  if (length > 0) copy(keys_, size, ring + frame % length * size);
  run(block.time_out, bands_, B, z_[0], nullptr, z_[0]);
  return ring + length * size;
}

void Network::mix_frequencies(const Block& block) {
  const size_t B = architecture_.bands, D = architecture_.width;
  switch (architecture_.freq_mixer) {
    case FreqMixer::kDense:
      kernels_->mix_bands(block.mix, z_[0], bands_, B, D);
      run(block.freq, bands_, B, z_[0], nullptr, z_[0]);
      break;
    case FreqMixer::kConv: {
      run(block.freq, z_[0], B, z_[0], nullptr, z_[1]);
      float* swap = z_[0];
      z_[0] = z_[1];
      z_[1] = swap;
      break;
    }
    case FreqMixer::kGru:
      freq_gru(block);
      break;
    case FreqMixer::kAttention:
      freq_attention(block);
      break;
  }
}

void Network::freq_gru(const Block& block) {
  const size_t B = architecture_.bands, G = architecture_.freq_hidden;
  for (size_t way = 0; way < 2; ++way) {
    run(block.freq_in[way], z_[0], B, nullptr, nullptr, gates_[0]);
    for (size_t i = 0; i < G; ++i) unit_[i] = 0.0f;
    for (size_t step = 0; step < B; ++step) {
      const size_t b = way == 0 ? step : B - 1 - step;
      run(block.freq_hidden[way], unit_, 1, nullptr, nullptr, gates_[1]);
      kernels_->gru_gates(gates_[0] + b * 3 * G, gates_[1], unit_, 1, G);
      copy(unit_, G, bands_ + b * 2 * G + way * G);
    }
  }
  run(block.freq, bands_, B, z_[0], nullptr, z_[0]);
}

void Network::freq_attention(const Block& block) {
  const size_t B = architecture_.bands, G = architecture_.freq_hidden;
  run(block.freq_in[0], z_[0], B, nullptr, nullptr, gates_[0]);
  for (size_t b = 0; b < B; ++b) entries_[b] = gates_[0] + b * 3 * G + G;
  Attention attention = {};
  attention.rows = B;
  attention.entries = B;
  attention.heads = architecture_.heads;
  attention.head_width = G / architecture_.heads;
  attention.q = gates_[0];
  attention.q_stride = 3 * G;
  attention.entry = entries_;
  attention.value_offset = G;
  attention.position = block.freq_position;
  attention.position_head = B * B;
  attention.position_row = B;
  attention.scale = scale_of(attention.head_width);
  attention.scores = scores_;
  attention.y = bands_;
  attention.y_stride = G;
  kernels_->attend(attention);
  run(block.freq, bands_, B, z_[0], nullptr, z_[0]);
}

}  // namespace pellucid::nn
