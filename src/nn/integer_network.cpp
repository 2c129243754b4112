#include "nn/integer_network.hpp"

namespace pellucid::nn {
namespace {

void zero(int16_t* values, size_t count) { __builtin_memset(values, 0, count * sizeof(int16_t)); }

void copy(const int16_t* from, size_t count, int16_t* to) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i];
}

/// The rows of zeros around [rows][columns].
void zero_margins(int16_t* first, size_t rows, size_t columns, size_t margin) {
  zero(first - margin * columns, margin * columns);
  zero(first + rows * columns, margin * columns);
}

}  // namespace

void IntegerNetwork::init(const IntegerModel& model, const IntegerKernels& kernels, void* scratch) {
  model_ = &model;
  kernels_ = &kernels;
  scratch_ = static_cast<uint8_t*>(scratch);
  layout_ = integer_layout(model.architecture);
  compression_ = integer_compression(model);
}

void IntegerNetwork::run(const int16_t* x, size_t rows, size_t channels, const int16_t* residual,
                         const int16_t* residual2, int16_t* y) {
  const IntegerProduct& product = *next_++;
  const size_t taps = product.columns / channels;
  kernels_->affine({&product, x - taps / 2 * channels, rows, channels, residual, residual2, y});
}

void IntegerNetwork::mix(const int16_t* x, size_t width, const int16_t* residual, int16_t* y) {
  kernels_->mix({next_++, x, width, residual, y, at(layout_.column)});
}

void IntegerNetwork::encode() {
  const Architecture& a = model_->architecture;
  const size_t P = a.positions(), C = a.channels;
  int16_t* x = at(layout_.skips[0]);
  run(at(layout_.features), P, size_t{3} * a.fold, nullptr, nullptr, x);
  observe("in", 0, x, P, C);
  for (uint32_t i = 1; i <= a.encoder_layers; ++i) {
    int16_t* y = at(layout_.skips[i]);
    run(x, P, C, x, nullptr, y);
    observe("encoder", i, y, P, C);
    x = y;
  }
  int16_t* bands = at(layout_.bands);
  mix(x, C, nullptr, bands);
  observe("bands", 0, bands, a.bands, C);
  run(bands, a.bands, C, model_->embedding, nullptr, z_);
  observe("reduce", 0, z_, a.bands, a.width);
}

void IntegerNetwork::time_gru(int16_t* h) {
  const size_t B = model_->architecture.bands, D = model_->architecture.width, H = model_->architecture.hidden;
  int16_t *gi = at(layout_.gates[0]), *gh = at(layout_.gates[1]);
  const IntegerProduct* products = next_;
  for (size_t b = 0; b < B; b += kRowsTogether) {
    const size_t rows = B - b < kRowsTogether ? B - b : kRowsTogether;
    next_ = products;
    run(z_ + b * D, rows, D, nullptr, nullptr, gi);
    run(h + b * H, rows, H, nullptr, nullptr, gh);
    observe("gates", 0, gi, rows, 3 * H);
    observe("gates", 1, gh, rows, 3 * H);
    kernels_->gru_gates(gi, gh, h + b * H, rows, H);
  }
  observe("hidden", 0, h, B, H);
  run(h, B, H, z_, nullptr, z_);
}

int16_t* IntegerNetwork::time_conv(uint32_t frame, int16_t* rings) {
  const Architecture& a = model_->architecture;
  const size_t B = a.bands, D = a.width, K = a.time_kernel;
  int16_t* taps = at(layout_.taps);
  for (uint32_t l = 0; l < a.time_layers; ++l) {
    // The ring holds the last (K-1) * 2^l inputs; the oldest makes place for this one.
    const uint32_t length = static_cast<uint32_t>(K - 1) << l;
    for (uint32_t tap = 0; tap < K; ++tap) {
      const uint32_t delay = static_cast<uint32_t>(K - 1 - tap) << l;
      const int16_t* from = delay == 0 ? z_ : rings + (frame % length + length - delay) % length * B * D;
      for (size_t b = 0; b < B; ++b) copy(from + b * D, D, taps + (b * K + tap) * D);
    }
    if (length > 0) copy(z_, B * D, rings + frame % length * B * D);
    rings += length * B * D;
    run(taps, B, K * D, z_, nullptr, z_);
  }
  return rings;
}

void IntegerNetwork::mix_frequencies() {
  const Architecture& a = model_->architecture;
  const size_t B = a.bands, D = a.width;
  if (a.freq_mixer == FreqMixer::kDense) {
    int16_t* mixed = at(layout_.bands);
    kernels_->mix_bands(*next_++, z_, B, D, mixed, at(layout_.column));
    observe("mix", 0, mixed, B, D);
    run(mixed, B, D, z_, nullptr, z_);
  } else {
    zero_margins(z_, B, D, a.kernel / 2);
    run(z_, B, D, z_, nullptr, other_z_);
    int16_t* swap = z_;
    z_ = other_z_;
    other_z_ = swap;
  }
}

void IntegerNetwork::decode() {
  const Architecture& a = model_->architecture;
  const size_t P = a.positions(), C = a.channels;
  int16_t *bands = at(layout_.bands), *x = at(layout_.skips[a.encoder_layers]);
  run(z_, a.bands, a.width, nullptr, nullptr, bands);
  observe("expand.bands", 0, bands, a.bands, C);
  mix(bands, C, x, x);
  observe("expand", 0, x, P, C);
  for (uint32_t i = a.encoder_layers; i >= 1; --i) {
    int16_t* skip = at(layout_.skips[i - 1]);
    run(x, P, C, x, skip, skip);
    observe("decoder", i, skip, P, C);
    x = skip;
  }
  int16_t* mask = at(layout_.mask);
  run(x, P, C, nullptr, nullptr, mask);
  observe("mask", 0, mask, P, size_t{2} * a.fold);
}

void IntegerNetwork::process_frame(IntegerState& state, const int32_t* spectrum, const IntegerCompression& limits,
                                   int32_t* cleaned) {
  const Architecture& a = model_->architecture;
  const size_t bins = a.bins();
  int16_t* features = at(layout_.features);
  nyquist_ = spectrum[2 * bins];
  // Every time: between frames the scratch memory may serve anybody.
  zero_margins(features, a.positions(), size_t{3} * a.fold, a.kernel / 2);
  for (uint32_t i = 0; i <= a.encoder_layers; ++i) {
    zero_margins(at(layout_.skips[i]), a.positions(), a.channels, a.kernel / 2);
  }
  kernels_->compress(compression_, spectrum, features, bins);
  observe("features", 0, features, a.positions(), size_t{3} * a.fold);
  next_ = model_->products;
  z_ = at(layout_.z[0]);
  other_z_ = at(layout_.z[1]);
  encode();
  int16_t* memory = state.values;
  for (uint32_t n = 0; n < a.blocks; ++n) {
    if (a.time_mixer == TimeMixer::kGru) {
      time_gru(memory);
      memory += size_t{a.bands} * a.hidden;
    } else {
      memory = time_conv(state.frame, memory);
    }
    observe("time", n, z_, a.bands, a.width);
    mix_frequencies();
    observe("freq", n, z_, a.bands, a.width);
  }
  state.frame = (state.frame + 1) % integer_period(a);  // it must not wrap elsewhere: a ring would lose its place
  decode();
  apply_mask(limits, cleaned);
}

void IntegerNetwork::apply_mask(const IntegerCompression& limits, int32_t* cleaned) const {
  const size_t bins = model_->architecture.bins();
  const int16_t* mask = at(layout_.mask);
  kernels_->decompress(limits, mask, at(layout_.features), cleaned, bins);
  cleaned[2 * bins] = integer_nyquist(limits, mask + 2 * (bins - 1), nyquist_);
  cleaned[2 * bins + 1] = 0;
}

}  // namespace pellucid::nn
