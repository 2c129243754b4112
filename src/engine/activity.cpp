#include "engine/activity.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kTunedHop = 0.016f;                       // seconds; what the shares below are of
constexpr float kPeakFallDb = 1.0f, kFloorRiseDb = 3.0f;  // a second
constexpr float kQuietestSpeechDbfs = -60.0f;  // quieter than this it has to be to count as none, however quiet all is
constexpr float kBelowPeakWeight = 0.169f, kAboveFloorWeight = 0.0374f, kBias = 3.396f;
constexpr float kSmoothing = 0.3f;
constexpr float kNoiseRate = 0.03f, kNoiseRateInSpeech = 0.001f;  // time constants of 0.5 s and 16 s
constexpr float kHangoverSeconds = 0.096f, kSpeechSeconds = 3.2f;

uint32_t frames_in(float seconds, float hop_s) { return static_cast<uint32_t>(seconds / hop_s + 0.5f); }

float clamp(float x, float least, float most) { return dsp::min_of(dsp::max_of(x, least), most); }

}  // namespace

float dbfs_of(float power) {
  return power > 1e-12f ? 3.01029996f * dsp::log2_of(power) : kSilenceDbfs;  // 10 log10
}

float Activity::snr_db() const {
  if (speech_frames_ == 0) return kLeastSnrDb;
  return clamp(dbfs_of(speech_) - dbfs_of(noise_), kLeastSnrDb, kMostSnrDb);
}

void Activity::init(float hop_s) {
  const float share = hop_s / kTunedHop;
  pace_.peak_fall_db = kPeakFallDb * hop_s;
  pace_.floor_rise_db = kFloorRiseDb * hop_s;
  pace_.smoothing = dsp::pow_of(kSmoothing, dsp::make_power(static_cast<double>(dsp::min_of(share, 8.0f))));
  pace_.noise_rate = dsp::min_of(kNoiseRate * share, 0.5f);
  pace_.noise_rate_in_speech = dsp::min_of(kNoiseRateInSpeech * share, 0.5f);
  pace_.hangover_hops = frames_in(kHangoverSeconds, hop_s);
  pace_.speech_frames = frames_in(kSpeechSeconds, hop_s);
}

void Activity::reset() {
  const Pace pace = pace_;
  *this = Activity();
  pace_ = pace;
}

void Activity::update(const FramePowers& powers) {
  const float kept_db = dbfs_of(powers.kept);
  if (!started_) {
    noise_ = powers.removed;
    floor_db_ = dbfs_of(powers.kept + powers.removed);
    peak_db_ = kQuietestSpeechDbfs;
  }
  peak_db_ = dsp::max_of(dsp::max_of(peak_db_ - pace_.peak_fall_db, kept_db), kQuietestSpeechDbfs);
  floor_db_ = dsp::min_of(floor_db_ + pace_.floor_rise_db, kept_db);
  const float below_peak = clamp(kept_db - dsp::max_of(peak_db_, dbfs_of(noise_)), -40.0f, 0.0f);
  const float above_floor = clamp(kept_db - floor_db_, 0.0f, 40.0f);
  const float logit = kBelowPeakWeight * below_peak + kAboveFloorWeight * above_floor + kBias;
  logit_ = started_ ? logit + pace_.smoothing * (logit_ - logit) : logit;
  started_ = true;
  probability_ = dsp::sigmoid_of(logit_);

  if (probability_ >= 0.5f) {
    hangover_ = pace_.hangover_hops + 1;
    if (speech_frames_ < pace_.speech_frames) ++speech_frames_;
    speech_ += (powers.kept - speech_) / static_cast<float>(speech_frames_);
  } else if (hangover_ > 0) {
    --hangover_;
  }
  const float doubt = 1.0f - probability_;
  noise_ += (pace_.noise_rate * doubt * doubt + pace_.noise_rate_in_speech) * (powers.removed - noise_);
}

}  // namespace pellucid::engine
