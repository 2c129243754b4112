#include "dsp/stft.hpp"

#include "dsp/math.hpp"

namespace pellucid::dsp {

bool StftPlan::init(uint32_t window_samples, Arena& arena) {
  const bool made = fft_.init(window_samples, arena);
  window_ = arena.take<float>(window_samples);
  frame_ = arena.take<float>(window_samples);
  if (!made || frame_ == nullptr) return false;
  // sqrt(0.5 - 0.5 cos(2 pi i / n)) = sin(pi i / n)
  for (uint32_t i = 0; i < window_samples; ++i) {
    window_[i] = static_cast<float>(rotation_of(i, 2 * uint64_t{window_samples}).sin);
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
  const uint32_t half = plan.hop_samples();
  for (uint32_t i = 0; i < half; ++i) history_[i] = history_[half + i];
  for (uint32_t i = 0; i < half; ++i) history_[half + i] = hop[i];
  for (uint32_t i = 0; i < 2 * half; ++i) plan.frame_[i] = plan.window_[i] * history_[i];
  plan.fft_.forward(plan.frame_, spectrum);
}

bool StftSynthesis::init(const StftPlan& plan, Arena& arena) {
  overlap_ = arena.take<float>(plan.hop_samples());
  if (overlap_ == nullptr) return false;
  reset(plan);
  return true;
}

void StftSynthesis::reset(const StftPlan& plan) {
  for (uint32_t i = 0; i < plan.hop_samples(); ++i) overlap_[i] = 0.0f;
}

void StftSynthesis::process(StftPlan& plan, const float* spectrum, float* hop) {
  const uint32_t half = plan.hop_samples();
  plan.fft_.inverse(spectrum, plan.frame_);
  for (uint32_t i = 0; i < half; ++i) hop[i] = overlap_[i] + plan.window_[i] * plan.frame_[i];
  for (uint32_t i = 0; i < half; ++i) overlap_[i] = plan.window_[half + i] * plan.frame_[half + i];
}

}  // namespace pellucid::dsp
