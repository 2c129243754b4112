#include "engine/activity.hpp"

#include "dsp/math.hpp"

namespace pellucid::engine {
namespace {

constexpr float kTunedHop = 0.016f;  // seconds; what the shares below are of
constexpr float kPeakFallDb = 1.0f, kLonePeakFallDb = 8.0f, kFloorRiseDb = 3.0f;  // a second
constexpr float kQuietestSpeechDbfs = -60.0f;  // quieter than this it has to be to count as none, however quiet all is
constexpr float kBelowPeakWeight = 0.169f, kAboveFloorWeight = 0.0374f, kBias = 3.396f;
constexpr float kSmoothing = 0.3f;
constexpr float kNoiseRate = 0.03f, kNoiseRateInSpeech = 0.001f;  // time constants of 0.5 s and 16 s
constexpr float kHangoverSeconds = 0.096f, kAbsenceSeconds = 4.0f, kSpeechSeconds = 3.2f, kStretchSeconds = 0.5f;
constexpr float kMostAboveSpeech = 30.0f, kLeastBelowSpeech = 0.1f;  // of its mean square

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
  pace_.lone_peak_fall_db = kLonePeakFallDb * hop_s;
  pace_.floor_rise_db = kFloorRiseDb * hop_s;
  pace_.smoothing = dsp::pow_of(kSmoothing, dsp::make_power(static_cast<double>(dsp::min_of(share, 8.0f))));
  pace_.noise_rate = dsp::min_of(kNoiseRate * share, 0.5f);
  pace_.noise_rate_in_speech = dsp::min_of(kNoiseRateInSpeech * share, 0.5f);
  pace_.hangover_hops = frames_in(kHangoverSeconds, hop_s);
  pace_.absence_hops = frames_in(kAbsenceSeconds, hop_s);
  pace_.speech_frames = frames_in(kSpeechSeconds, hop_s);
  pace_.stretch_frames = frames_in(kStretchSeconds, hop_s);
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
  const bool absent = silent_hops_ >= pace_.absence_hops;
  const float fallen_db = peak_db_ - (absent ? pace_.lone_peak_fall_db : pace_.peak_fall_db);
  peak_db_ = dsp::max_of(dsp::max_of(fallen_db, kept_db), kQuietestSpeechDbfs);
  floor_db_ = dsp::min_of(floor_db_ + pace_.floor_rise_db, kept_db);
  const float below_peak = clamp(kept_db - dsp::max_of(peak_db_, dbfs_of(noise_)), -40.0f, 0.0f);
  const float above_floor = clamp(kept_db - floor_db_, 0.0f, 40.0f);
  const float logit = kBelowPeakWeight * below_peak + kAboveFloorWeight * above_floor + kBias;
  logit_ = started_ ? logit + pace_.smoothing * (logit_ - logit) : logit;
  started_ = true;
  probability_ = dsp::sigmoid_of(logit_);

  if (probability_ >= 0.5f) {
    hangover_ = pace_.hangover_hops + 1;
    if (absent) stretch_frames_ = 0;  // what comes now may be somebody else
    silent_hops_ = 0;
    hear_speech(powers.kept);
  } else {
    if (hangover_ > 0) --hangover_;
    if (!absent) ++silent_hops_;
  }
  const float doubt = 1.0f - probability_;
  noise_ += (pace_.noise_rate * doubt * doubt + pace_.noise_rate_in_speech) * (powers.removed - noise_);
}

void Activity::hear_speech(float power) {
  if (speech_frames_ > pace_.stretch_frames) power = dsp::min_of(power, kMostAboveSpeech * speech_);
  if (speech_frames_ < pace_.speech_frames) ++speech_frames_;
  speech_ += (power - speech_) / static_cast<float>(speech_frames_);
  stretch_ = stretch_frames_ == 0 ? power : stretch_ + power;
  if (++stretch_frames_ < pace_.stretch_frames) return;
  const float mean = stretch_ / static_cast<float>(stretch_frames_);
  if (mean < kLeastBelowSpeech * speech_) {
    speech_ = mean;
    speech_frames_ = stretch_frames_;
  }
  stretch_frames_ = 0;
}

}  // namespace pellucid::engine
