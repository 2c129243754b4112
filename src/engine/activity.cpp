#include "engine/activity.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kHopSeconds = 0.016f;
constexpr float kPeakFallDb = 1.0f * kHopSeconds;   // of the loudest speech, 1 dB/s
constexpr float kFloorRiseDb = 3.0f * kHopSeconds;  // 3 dB/s
constexpr float kQuietestSpeechDbfs = -60.0f;  // quieter than this it has to be to count as none, however quiet all is
constexpr float kBelowPeakWeight = 0.169f, kAboveFloorWeight = 0.0374f, kBias = 3.396f;
constexpr float kSmoothing = 0.3f;  // of the logit
constexpr uint32_t kHangoverHops = 6;
constexpr float kNoiseRate = 0.03f, kNoiseRateInSpeech = 0.001f;  // time constants of 0.5 s and 16 s
constexpr uint32_t kSpeechFrames = 200;                           // 3.2 s of speech

float clamp(float x, float least, float most) { return dsp::min_of(dsp::max_of(x, least), most); }

}  // namespace

float dbfs_of(float power) {
  return power > 1e-12f ? 3.01029996f * dsp::log2_of(power) : kSilenceDbfs;  // 10 log10
}

float Activity::snr_db() const {
  if (speech_frames_ == 0) return kLeastSnrDb;
  return clamp(dbfs_of(speech_) - dbfs_of(noise_), kLeastSnrDb, kMostSnrDb);
}

void Activity::update(const FramePowers& powers) {
  const float kept_db = dbfs_of(powers.kept);
  if (!started_) {
    noise_ = powers.removed;
    floor_db_ = dbfs_of(powers.kept + powers.removed);
    peak_db_ = kQuietestSpeechDbfs;
  }
  peak_db_ = dsp::max_of(dsp::max_of(peak_db_ - kPeakFallDb, kept_db), kQuietestSpeechDbfs);
  floor_db_ = dsp::min_of(floor_db_ + kFloorRiseDb, kept_db);
  const float below_peak = clamp(kept_db - dsp::max_of(peak_db_, dbfs_of(noise_)), -40.0f, 0.0f);
  const float above_floor = clamp(kept_db - floor_db_, 0.0f, 40.0f);
  const float logit = kBelowPeakWeight * below_peak + kAboveFloorWeight * above_floor + kBias;
  logit_ = started_ ? logit + kSmoothing * (logit_ - logit) : logit;
  started_ = true;
  probability_ = dsp::sigmoid_of(logit_);

  if (probability_ >= 0.5f) {
    hangover_ = kHangoverHops + 1;
    if (speech_frames_ < kSpeechFrames) ++speech_frames_;
    speech_ += (powers.kept - speech_) / static_cast<float>(speech_frames_);
  } else if (hangover_ > 0) {
    --hangover_;
  }
  const float doubt = 1.0f - probability_;
  noise_ += (kNoiseRate * doubt * doubt + kNoiseRateInSpeech) * (powers.removed - noise_);
}

}  // namespace pellucid::engine
