#include "engine/integer_denoiser.hpp"

#include "dsp/fixed.hpp"

namespace pellucid::engine {
namespace {

constexpr uint32_t kSound = 2;  // where the parts after the first bin begin, which is an offset

}  // namespace

void IntegerDenoiser::init(const nn::IntegerModel& model, const nn::IntegerKernels& kernels, void* state,
                           void* scratch) {
  const nn::Architecture& a = model.architecture;
  hop_ = a.hop_samples;
  hop_bits_ = dsp::highest_bit(hop_);
  stft_ = dsp::FixedStft(a.window_samples, kernels.transform);
  network_.init(model, kernels, scratch);
  limits_ = network_.compression();
  overlap_ = static_cast<int32_t*>(state);
  last_hop_ = reinterpret_cast<int16_t*>(overlap_ + hop_);
  network_state_.values = last_hop_ + hop_;
  state_values_ = nn::integer_state_values(a);
  lift_.init(enough_bit(a.window_samples, limits_.spectrum_q), lift_pace(a.sample_rate_hz, hop_));
  reset();
}

void IntegerDenoiser::reset() {
  for (uint32_t i = 0; i < hop_; ++i) {
    overlap_[i] = 0;
    last_hop_[i] = 0;
  }
  for (size_t i = 0; i < state_values_; ++i) network_state_.values[i] = 0;
  network_state_.frame = 0;
  lift_.reset();
  strength_ = strength_wanted_;
}

void IntegerDenoiser::set_attenuation_limit_q8(int32_t limit_db_q8) {
  // log2(10) / 20 in Q16.
  const int32_t log = limit_db_q8 < 256 * kNoLimitDb ? -((10885 * limit_db_q8) >> 8) : nn::kNoLimit;
  nn::set_least_gain(limits_, network_.model().compression_q16, log);
}

void IntegerDenoiser::lift(int32_t* spectrum) {
  const uint32_t values = network_.model().architecture.window_samples + 2;
  uint32_t parts = 0;
  for (uint32_t i = kSound; i < values; ++i) parts |= static_cast<uint32_t>(spectrum[i] ^ (spectrum[i] >> 31));
  lifted_bits_ = lift_.update(parts);
  if (lifted_bits_ == 0) return;
  const int32_t by = int32_t{1} << lifted_bits_;
  for (uint32_t i = kSound; i < values; ++i) spectrum[i] *= by;
}

int32_t* IntegerDenoiser::lower(int32_t* cleaned) const {
  if (lifted_bits_ == 0) return cleaned;
  const uint32_t values = network_.model().architecture.window_samples + 2;
  for (uint32_t i = kSound; i < values; ++i) cleaned[i] = dsp::round_shift(cleaned[i], lifted_bits_);
  return cleaned;
}

int32_t* IntegerDenoiser::clean(int32_t* spectrum) {
  // Also where nothing of it is wanted: what the network remembers is then fresh when it is wanted again.
  lift(spectrum);
  network_.process_frame(network_state_, spectrum, limits_, spectrum);
  return lower(spectrum);
}

int32_t* IntegerDenoiser::clean_without_limit(int32_t* spectrum) {
  lift(spectrum);
  network_.process_frame(network_state_, spectrum, network_.compression(), spectrum);
  return lower(spectrum);
}

int32_t* IntegerDenoiser::limit(int32_t* cleaned) {
  network_.apply_mask(limits_, cleaned);
  return lower(cleaned);
}

void IntegerDenoiser::synthesise(const int32_t* spectrum, const int16_t* in, int16_t* out) {
  int16_t* wet = network_.spent_features();
  stft_.synthesise(spectrum, overlap_, network_.work(), wet);
  const int32_t hop = static_cast<int32_t>(hop_), slope = strength_wanted_ - strength_;
  if (slope == 0 && strength_ == kFullStrength) {  // the rule, and quick
    __builtin_memcpy(last_hop_, in, hop_ * sizeof(int16_t));
    __builtin_memcpy(out, wet, hop_ * sizeof(int16_t));
    return;
  }
  for (int32_t i = 0; i < hop; ++i) {
    const int16_t fresh = in[i];
    const int32_t dry = last_hop_[i], share = strength_ + ((slope * i) >> hop_bits_);
    out[i] = static_cast<int16_t>(dry + (((wet[i] - dry) * share + 16384) >> 15));
    last_hop_[i] = fresh;
  }
  strength_ += slope;
}

}  // namespace pellucid::engine
