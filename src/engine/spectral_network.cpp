#include "engine/spectral_network.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kLargestPart = 536870912.0f;  // 2^29, of an integer spectrum
constexpr int32_t kFraction = 20;             // bits after the point of parts that a lift is told of

constexpr uint32_t kSound = 2;  // where the parts after the first bin begin, which is an offset

/// As Lift wants it, of floats.
uint32_t loudest_of(const float* spectrum, uint32_t values) {
  int32_t most = 0;
  for (uint32_t i = kSound; i < values; ++i) {
    const auto bits = static_cast<int32_t>(dsp::bits_of(spectrum[i]) & 0x7fffffffu);  // in the order of magnitudes
    most = bits > most ? bits : most;
  }
  const int32_t exponent = (most >> 23) - 127 + kFraction;
  return exponent < 0 ? 0 : uint32_t{1} << (exponent > 31 ? 31 : exponent);
}

void scale(uint32_t values, float by, const float* from, float* to) {
  for (uint32_t i = 0; i < kSound; ++i) to[i] = from[i];
  for (uint32_t i = kSound; i < values; ++i) to[i] = by * from[i];
}

}  // namespace

void to_floats(const int32_t* spectrum, size_t count, int32_t spectrum_q, float* floats) {
  const float unit = dsp::exp2_integer(-spectrum_q);
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(spectrum[i]) * unit;
}

void to_integers(const float* floats, size_t count, int32_t spectrum_q, int32_t* spectrum) {
  const float units = dsp::exp2_integer(spectrum_q);
  for (size_t i = 0; i < count; ++i) {
    const float x = dsp::min_of(dsp::max_of(floats[i] * units, -kLargestPart), kLargestPart);
    spectrum[i] = static_cast<int32_t>(x + (x < 0.0f ? -0.5f : 0.5f));
  }
}

bool SpectralNetwork::init(const nn::ModelFile& file, const KernelChoice& choice, dsp::Arena& arena) {
  architecture_ = file.architecture();
  integer_ = file.arithmetic() == nn::Arithmetic::kInt8;
  if (!integer_) return floats_.init(file, arena, choice.floats != nullptr ? *choice.floats : nn::best_kernels());
  integer_kernels_ = choice.integers != nullptr ? choice.integers : &nn::best_integer_kernels();
  bool made = nn::load_integer_model(file, *integer_kernels_, arena, &model_);
  scratch_ = arena.take<uint8_t>(nn::integer_layout(architecture_).bytes);
  spectrum_ = arena.take<int32_t>(architecture_.window_samples + 2);
  made &= scratch_ != nullptr && spectrum_ != nullptr;
  if (made) integers_.init(model_, *integer_kernels_, scratch_);
  return made;
}

bool SpectralNetwork::init_state(SpectralState* state, dsp::Arena& arena) const {
  state->lift.init(enough_bit(architecture_.window_samples, kFraction),
                   lift_pace(architecture_.sample_rate_hz, architecture_.hop_samples));
  if (!integer_) return state->floats.init(floats_, arena);
  const size_t values = nn::integer_state_values(architecture_);
  state->integers.values = arena.take<int16_t>(values + nn::kIntegerSlack / sizeof(int16_t));
  if (state->integers.values == nullptr) return false;
  reset_state(*state);
  return true;
}

void SpectralNetwork::reset_state(SpectralState& state) const {
  state.lift.reset();
  if (!integer_) {
    state.floats.reset();
    return;
  }
  state.integers.frame = 0;
  const size_t values = nn::integer_state_values(architecture_);
  for (size_t i = 0; i < values; ++i) state.integers.values[i] = 0;
}

void SpectralNetwork::process_frame(SpectralState& state, const float* spectrum, float* cleaned) {
  const uint32_t values = architecture_.window_samples + 2;
  const int32_t bits = state.lift.update(loudest_of(spectrum, values));
  if (bits == 0) {
    run(state, spectrum, cleaned);
    return;
  }
  scale(values, dsp::exp2_integer(bits), spectrum, cleaned);
  run(state, cleaned, cleaned);
  scale(values, dsp::exp2_integer(-bits), cleaned, cleaned);
}

void SpectralNetwork::run(SpectralState& state, const float* spectrum, float* cleaned) {
  if (!integer_) {
    floats_.process_frame(state.floats, spectrum, cleaned);
    return;
  }
  const size_t values = architecture_.window_samples + 2;
  const int32_t q = integers_.compression().spectrum_q;
  to_integers(spectrum, values, q, spectrum_);
  integers_.process_frame(state.integers, spectrum_, integers_.compression(), spectrum_);
  to_floats(spectrum_, values, q, cleaned);
}

}  // namespace pellucid::engine
