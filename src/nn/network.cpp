#include "nn/network.hpp"

#include "nn/blocks.hpp"

namespace pellucid::nn {

using dsp::Arena;

namespace {

/// Zeroed memory for [rows][columns], `margin` rows on both sides, and what kernels read past the end.
float* take_rows(Arena& arena, size_t rows, size_t columns, size_t margin) {
  const size_t count = (rows + 2 * margin) * columns + kSlack;
  float* memory = arena.take<float>(count);
  if (memory == nullptr) return nullptr;
  for (size_t i = 0; i < count; ++i) memory[i] = 0.0f;
  return memory + margin * columns;
}

}  // namespace

bool NetworkState::init(const Network& network, Arena& arena) {
  size_ = static_cast<size_t>(state_floats(network.architecture()));
  values_ = arena.take<float>(size_ + kSlack);
  if (values_ == nullptr) return false;
  reset();
  return true;
}

void NetworkState::reset() {
  frame_ = 0;
  for (size_t i = 0; i < size_ + kSlack; ++i) values_[i] = 0.0f;
}

/// Takes the file's tensors one after another, in the order of tensor_spec, into the layout of the kernels.
class Network::Packer {
 public:
  Packer(const ModelFile& file, Arena& arena, const Kernels& kernels) : file_(file), arena_(arena), kernels_(kernels) {}

  /// As it stands in the file.
  const float* plain(size_t count) {
    float* to = arena_.take<float>(count + kSlack);
    const uint32_t index = next_++;
    if (to == nullptr) return nullptr;
    file_.read(index, to);
    for (size_t i = count; i < count + kSlack; ++i) to[i] = 0.0f;
    return to;
  }
  /// A weight [out][in] in panels.
  void matrix(size_t out, size_t in, Layer* layer) {
    layer->in = in;
    layer->out = out;
    const uint32_t index = next_++;
    const FloatValues from = file_.values(index);
    if (const uint8_t* kept = file_.kept(index)) {
      blocks(from, kept, layer);
      return;
    }
    const size_t panel = kernels_.panel, all = padded(out, panel);
    float* to = arena_.take<float>(all * in + kSlack);
    if (to == nullptr) return;
    for (size_t o = 0; o < all; ++o) {
      float* column = to + o / panel * panel * in + o % panel;
      for (size_t i = 0; i < in; ++i) column[i * panel] = o < out ? from[o * in + i] : 0.0f;
    }
    for (size_t i = 0; i < kSlack; ++i) to[all * in + i] = 0.0f;
    layer->weight = to;
  }
  Layer layer(size_t out, size_t taps, size_t in, bool slope) {
    Layer made;
    made.taps = taps;
    matrix(out, taps * in, &made);
    made.bias = plain(out);
    if (slope) made.slope = plain(out);
    return made;
  }
  void gru(size_t in, size_t units, Layer* input, Layer* hidden) {
    matrix(3 * units, in, input);
    matrix(3 * units, units, hidden);
    input->bias = plain(3 * units);
    hidden->bias = plain(3 * units);
  }
  void time_mixer(const Architecture& a, Block* block) {
    const size_t D = a.width, H = a.hidden;
    switch (a.time_mixer) {
      case TimeMixer::kGru:
        gru(D, H, &block->time_in, &block->time_hidden);
        break;
      case TimeMixer::kConv:
        for (uint32_t l = 0; l < a.time_layers; ++l) block->time_layer[l] = layer(D, a.time_kernel, D, true);
        return;
      case TimeMixer::kAttention:
        block->time_in = layer(3 * H, 1, D, false);
        block->time_position = plain(size_t{a.heads} * a.context_frames);
        break;
    }
    block->time_out = layer(D, 1, H, false);
  }
  void freq_mixer(const Architecture& a, Block* block) {
    const size_t D = a.width, G = a.freq_hidden, B = a.bands;
    switch (a.freq_mixer) {
      case FreqMixer::kDense:
        block->mix = plain(B * B * D);
        block->freq = layer(D, 1, D, true);
        break;
      case FreqMixer::kConv:
        block->freq = layer(D, a.kernel, D, true);
        break;
      case FreqMixer::kGru:
        for (int way = 0; way < 2; ++way) gru(D, G, &block->freq_in[way], &block->freq_hidden[way]);
        block->freq = layer(D, 1, 2 * G, false);
        break;
      case FreqMixer::kAttention:
        block->freq_in[0] = layer(3 * G, 1, D, false);
        block->freq_position = plain(a.heads * B * B);
        block->freq = layer(D, 1, G, false);
        break;
    }
  }

 private:
  /// The blocks of a file (of 8 outputs) as blocks of a panel, which is as high or twice as high, with zeros where one
  /// of the two is missing. Where that leaves so many that a whole weight is faster, it is made whole: all blocks.
  void blocks(const FloatValues& from, const uint8_t* kept, Layer* layer) {
    const uint32_t out = static_cast<uint32_t>(layer->out), panel = static_cast<uint32_t>(kernels_.panel);
    const uint32_t panels = static_cast<uint32_t>(padded(out, panel)) / panel, high = panel / kBlockOutputs;
    const BlockGrid grid{out / kBlockOutputs, static_cast<uint32_t>(layer->in) / kBlockInputs};
    const auto has = [&](uint32_t row, uint32_t column) {
      return row < grid.down && has_block(kept, grid.number(row, column));
    };
    bool whole = false;
    const auto takes = [&](uint32_t p, uint32_t column) {
      bool any = whole;
      for (uint32_t row = p * high; row < (p + 1) * high; ++row) any = any || has(row, column);
      return any;
    };
    uint32_t count = 0;
    for (uint32_t p = 0; p < panels; ++p) {
      for (uint32_t column = 0; column < grid.across; ++column) count += takes(p, column) ? 1 : 0;
    }
    whole = uint64_t{count} * 100 > uint64_t{panels} * grid.across * kernels_.sparse_percent;
    if (whole) count = panels * grid.across;
    const size_t block = kBlockInputs * kernels_.panel, size = count * block + kSlack;
    float* to = arena_.take<float>(size);
    uint32_t* end = whole ? nullptr : arena_.take<uint32_t>(panels);
    uint32_t* step = whole ? nullptr : arena_.take<uint32_t>(count);
    if (to == nullptr || (!whole && (end == nullptr || step == nullptr))) return;
    layer->weight = to;
    layer->block_end = end;
    layer->block_step = step;
    for (size_t i = 0; i < size; ++i) to[i] = 0.0f;
    uint32_t number = 0;
    size_t next = 0;
    for (uint32_t p = 0; p < panels; ++p) {
      const uint32_t first = number;
      for (uint32_t column = 0, last = 0; column < grid.across; ++column) {
        if (!takes(p, column)) continue;
        if (!whole) step[number] = (column - last) * kBlockInputs;
        ++number;
        last = column;
      }
      if (!whole) end[p] = number;
      for (uint32_t row = 0; row < high; ++row) {
        float* into = to + first * block + row * kBlockOutputs;
        for (uint32_t column = 0; column < grid.across; ++column) {
          if (!takes(p, column)) continue;
          for (uint32_t i = 0; has(p * high + row, column) && i < kBlockWeights; ++i) {
            into[i / kBlockOutputs * panel + i % kBlockOutputs] = from[next++];
          }
          into += block;
        }
      }
    }
  }

  const ModelFile& file_;
  Arena& arena_;
  const Kernels& kernels_;
  uint32_t next_ = 0;
};

bool Network::init(const ModelFile& file, Arena& arena, const Kernels& kernels) {
  architecture_ = file.architecture();
  kernels_ = &kernels;
  const Architecture& a = architecture_;
  const double c = a.compression;
  compression_ = {dsp::make_power((c - 1.0) / 2.0), dsp::make_power(c / 2.0), dsp::make_power((1.0 / c - 1.0) / 2.0)};
  nyquist_power_ = dsp::make_power(0.5 / c);

  const size_t C = a.channels, D = a.width, B = a.bands, P = a.positions(), k = a.kernel;
  Packer pack(file, arena, kernels);
  in_ = pack.layer(C, k, 3 * a.fold, true);
  for (uint32_t i = 0; i < a.encoder_layers; ++i) encoder_[i] = pack.layer(C, k, C, true);
  reduce_ = pack.plain(B * P);
  reduce_proj_ = pack.layer(D, 1, C, false);
  embedding_ = pack.plain(B * D);
  for (uint32_t n = 0; n < a.blocks; ++n) {
    pack.time_mixer(a, &blocks_[n]);
    pack.freq_mixer(a, &blocks_[n]);
  }
  if (a.output == Output::kBandGains) {
    out_ = pack.layer(1, 1, D, false);
    expand_ = pack.plain(a.bins() * B);
  } else {
    expand_proj_ = pack.layer(C, 1, D, false);
    expand_ = pack.plain(P * B);
    for (uint32_t i = a.encoder_layers; i >= 1; --i) decoder_[i - 1] = pack.layer(C, k, C, true);
    out_ = pack.layer(2 * a.fold, k, C, false);
  }
  return take_scratch(arena);
}

bool Network::take_scratch(Arena& arena) {
  const Architecture& a = architecture_;
  const size_t C = a.channels, D = a.width, B = a.bands, P = a.positions(), margin = a.kernel / 2;
  const bool gains = a.output == Output::kBandGains;
  features_ = take_rows(arena, P, 3 * a.fold, margin);
  for (uint32_t i = 0; i <= a.encoder_layers; ++i) skips_[i] = take_rows(arena, P, C, margin);
  for (float*& x : x_) x = gains ? nullptr : take_rows(arena, P, C, margin);
  for (float*& z : z_) z = take_rows(arena, B, D, margin);
  size_t widest = C > D ? C : D;  // of what mixers keep for every band
  size_t units = 0, entries = 0;
  const auto at_least = [](size_t* size, size_t wanted) { *size = *size > wanted ? *size : wanted; };
  if (a.time_mixer != TimeMixer::kConv) at_least(&units, a.hidden);
  if (a.time_mixer == TimeMixer::kAttention) {
    at_least(&widest, a.hidden);
    at_least(&entries, a.context_frames);
    keys_ = take_rows(arena, B, 2 * size_t{a.hidden}, 0);
  }
  if (a.freq_mixer == FreqMixer::kGru) {
    at_least(&units, a.freq_hidden);
    at_least(&widest, 2 * size_t{a.freq_hidden});
    unit_ = take_rows(arena, 1, a.freq_hidden, 0);
  } else if (a.freq_mixer == FreqMixer::kAttention) {
    at_least(&units, a.freq_hidden);
    at_least(&widest, a.freq_hidden);
    at_least(&entries, B);
  }
  bands_ = take_rows(arena, B, widest, 0);
  if (units > 0) {
    for (float*& gates : gates_) gates = take_rows(arena, B, 3 * units, 0);
  }
  if (entries > 0) {
    scores_ = take_rows(arena, 1, entries, 0);
    entries_ = arena.take<const float*>(entries);
  }
  if (a.time_mixer == TimeMixer::kConv) taps_ = take_rows(arena, B, D * a.time_kernel, 0);
  mask_ = take_rows(arena, P, 2 * a.fold, 0);
  bin_scratch_ = take_rows(arena, 2, a.bins(), 0);
  return !arena.failed() && bin_scratch_ != nullptr;
}

void Network::set_observer(Observer observer, void* user) {
  observer_ = observer;
  observer_user_ = user;
}

void Network::observe(const char* prefix, int index, const char* suffix, const float* values, size_t rows,
                      size_t columns) {
  if (observer_ == nullptr) return;
  char name[40];
  size_t n = 0;
  while (*prefix != '\0' && n < 20) name[n++] = *prefix++;
  if (index >= 10) name[n++] = static_cast<char>('0' + index / 10);
  if (index >= 0) name[n++] = static_cast<char>('0' + index % 10);
  while (*suffix != '\0' && n < 39) name[n++] = *suffix++;
  name[n] = '\0';
  observer_(observer_user_, name, values, rows, columns);
}

void Network::run(const Layer& layer, const float* x, size_t rows, const float* residual, const float* residual2,
                  float* y) {
  const size_t channels = layer.in / layer.taps;
  Affine affine = {};
  affine.rows = rows;
  affine.in = layer.in;
  affine.out = layer.out;
  affine.x = x - (layer.taps - 1) / 2 * channels;
  affine.x_stride = channels;
  affine.w = layer.weight;
  affine.w_panel = kernels_->panel * layer.in;
  affine.w_row = kernels_->panel;
  affine.block_end = layer.block_end;
  affine.block_step = layer.block_step;
  affine.bias = layer.bias;
  affine.slope = layer.slope;
  affine.residual = residual;
  affine.residual2 = residual2;
  affine.residual_stride = layer.out;
  affine.y = y;
  affine.y_stride = layer.out;
  kernels_->affine(affine);
}

void Network::mix_rows(const float* matrix, size_t rows, const float* x, size_t in, const float* residual, float* y) {
  const size_t channels = architecture_.channels;
  Affine affine = {};
  affine.rows = rows;
  affine.in = in;
  affine.out = channels;
  affine.x = matrix;
  affine.x_stride = in;
  affine.w = x;
  affine.w_panel = kernels_->panel;
  affine.w_row = channels;
  affine.residual = residual;
  affine.residual_stride = channels;
  affine.y = y;
  affine.y_stride = channels;
  kernels_->affine(affine);
}

void Network::encode(const float* features) {
  const size_t P = architecture_.positions(), C = architecture_.channels;
  run(in_, features, P, nullptr, nullptr, skips_[0]);
  observe("in", -1, "", skips_[0], P, C);
  for (uint32_t i = 1; i <= architecture_.encoder_layers; ++i) {
    run(encoder_[i - 1], skips_[i - 1], P, skips_[i - 1], nullptr, skips_[i]);
    observe("encoder.", static_cast<int>(i), "", skips_[i], P, C);
  }
}

void Network::reduce() {
  const Architecture& a = architecture_;
  mix_rows(reduce_, a.bands, skips_[a.encoder_layers], a.positions(), nullptr, bands_);
  run(reduce_proj_, bands_, a.bands, embedding_, nullptr, z_[0]);
  observe("reduce", -1, "", z_[0], a.bands, a.width);
}

void Network::find_gains() {
  const size_t B = architecture_.bands, F = architecture_.bins();
  run(out_, z_[0], B, nullptr, nullptr, bands_);
  for (size_t b = 0; b < B; ++b) bands_[b] = dsp::sigmoid_of(bands_[b]);
  observe("gains", -1, "", bands_, B, 1);
  Affine affine = {};
  affine.rows = F;
  affine.in = B;
  affine.out = 1;
  affine.x = expand_;
  affine.x_stride = B;
  affine.w = bands_;
  affine.w_panel = kernels_->panel;
  affine.w_row = 1;
  affine.y = mask_;
  affine.y_stride = 2;  // the imaginary parts stay zero
  kernels_->affine(affine);
}

void Network::expand() {
  const Architecture& a = architecture_;
  run(expand_proj_, z_[0], a.bands, nullptr, nullptr, bands_);
  mix_rows(expand_, a.positions(), bands_, a.bands, skips_[a.encoder_layers], x_[0]);
  observe("expand", -1, "", x_[0], a.positions(), a.channels);
}

void Network::decode() {
  const size_t P = architecture_.positions(), C = architecture_.channels;
  for (uint32_t i = architecture_.encoder_layers; i >= 1; --i) {
    run(decoder_[i - 1], x_[0], P, x_[0], skips_[i - 1], x_[1]);
    float* swap = x_[0];
    x_[0] = x_[1];
    x_[1] = swap;
    observe("decoder.", static_cast<int>(i), "", x_[0], P, C);
  }
  run(out_, x_[0], P, nullptr, nullptr, mask_);
}

void Network::process_frame(NetworkState& state, const float* spectrum, float* cleaned) {
  const Architecture& a = architecture_;
  const size_t bins = a.bins();
  kernels_->compress(compression_, spectrum, features_, bin_scratch_, bins);
  observe("features", -1, "", features_, a.positions(), 3 * a.fold);
  encode(features_);
  reduce();
  float* memory = state.values_;
  for (uint32_t n = 0; n < a.blocks; ++n) {
    memory = mix_time(blocks_[n], state.frame_, memory);
    observe("blocks.", static_cast<int>(n), ".time", z_[0], a.bands, a.width);
    mix_frequencies(blocks_[n]);
    observe("blocks.", static_cast<int>(n), ".freq", z_[0], a.bands, a.width);
  }
  ++state.frame_;
  if (a.output == Output::kBandGains) {
    find_gains();
  } else {
    expand();
    decode();
  }
  observe("mask", -1, "", mask_, a.positions(), 2 * a.fold);

  const float nyquist_re = spectrum[2 * bins], nyquist_im = spectrum[2 * bins + 1];
  kernels_->decompress(compression_, mask_, features_, cleaned, bin_scratch_, bins);
  const float re = mask_[2 * bins - 2], im = mask_[2 * bins - 1];
  const float gain = dsp::pow_of(dsp::max_of(re * re + im * im, 1e-30f), nyquist_power_);
  cleaned[2 * bins] = nyquist_re * gain;
  cleaned[2 * bins + 1] = nyquist_im * gain;
}

}  // namespace pellucid::nn
