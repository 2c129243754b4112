#include "dsp/stft.hpp"

#include "dsp/math.hpp"

namespace pellucid::dsp {

bool StftPlan::init(uint32_t window_samples, uint32_t hop_samples, Arena& arena) {
  const bool framed = hop_samples > 0 && window_samples > hop_samples && window_samples % hop_samples == 0;
  const bool made = framed && fft_.init(window_samples, arena);
  hop_ = hop_samples;
  window_ = arena.take<float>(window_samples);
  frame_ = arena.take<float>(window_samples);
  synthesis_ = 2 * hop_samples == window_samples ? window_ : arena.take<float>(window_samples);
  if (!made || frame_ == nullptr || synthesis_ == nullptr) return false;
  // sqrt(0.5 - 0.5 cos(2 pi i / n)) = sin(pi i / n)
  const double scale = 2.0 * hop_samples / window_samples;
  for (uint32_t i = 0; i < window_samples; ++i) {
    const double sine = rotation_of(i, 2 * uint64_t{window_samples}).sin;
    synthesis_[i] = static_cast<float>(scale * sine);
    window_[i] = static_cast<float>(sine);
  }
  return true;
}

bool StftAnalysis::init(const StftPlan& plan, Arena& arena) {
  history_ = arena.take<float>(plan.window_samples());
  if (history_ == nullptr) return false;
  reset(plan);
  return true;
}

void StftAnalysis::reset(const StftPlan& plan) {
  for (uint32_t i = 0; i < plan.window_samples(); ++i) history_[i] = 0.0f;
}

void StftAnalysis::process(StftPlan& plan, const float* hop, float* spectrum) {
  const uint32_t window = plan.window_samples(), old = window - plan.hop_samples();
  for (uint32_t i = 0; i < old; ++i) history_[i] = history_[plan.hop_samples() + i];
  for (uint32_t i = 0; i < plan.hop_samples(); ++i) history_[old + i] = hop[i];
  for (uint32_t i = 0; i < window; ++i) plan.frame_[i] = plan.window_[i] * history_[i];
  plan.fft_.forward(plan.frame_, spectrum);
}

bool StftSynthesis::init(const StftPlan& plan, Arena& arena) {
  overlap_ = arena.take<float>(plan.window_samples() - plan.hop_samples());
  if (overlap_ == nullptr) return false;
  reset(plan);
  return true;
}

void StftSynthesis::reset(const StftPlan& plan) {
  for (uint32_t i = 0; i < plan.window_samples() - plan.hop_samples(); ++i) overlap_[i] = 0.0f;
}

void StftSynthesis::process(StftPlan& plan, const float* spectrum, float* hop) {
  const uint32_t step = plan.hop_samples(), rest = plan.window_samples() - step;
  const float *window = plan.synthesis_, *frame = plan.frame_;
  plan.fft_.inverse(spectrum, plan.frame_);
  for (uint32_t i = 0; i < step; ++i) hop[i] = overlap_[i] + window[i] * frame[i];
  for (uint32_t i = 0; i < rest - step; ++i) overlap_[i] = overlap_[step + i] + window[step + i] * frame[step + i];
  for (uint32_t i = rest - step; i < rest; ++i) overlap_[i] = window[step + i] * frame[step + i];
}

}  // namespace pellucid::dsp
