// Is somebody speaking, how loud is the noise, how far apart are the two: from what the network keeps and what it
// removes of each frame.
//
//   Activity activity;  activity.init(0.016f);
//   activity.update(powers);                                // once a hop
//   activity.probability();  activity.active();  activity.snr_db();  activity.noise_dbfs();
//
// Voice probability is a logistic function of two figures: how far what is kept lies below the louder of the loudest
// speech of late and the noise, and how far above its own floor. Its three weights were fitted to frames of the shipped
// model on mixtures of recordings beside the training data, on their noise alone and their speech alone, where a frame
// is speech when the clean frame lies less than 20 dB below the active level (docs/measuring.md has the figures).
//
// Noise is what is removed, followed while nobody speaks and hardly at all while somebody does: there, part of what is
// removed is speech. Speech is what is kept while somebody speaks.
//
// Neither a click nor a talker who has gone leaves a trace: no frame counts for more than fifteen decibels above the
// speech so far, the level of speech becomes that of half a second of it that is ten decibels less, and once nobody was
// heard for four seconds, the loudest of late is soon forgotten, so that whoever is far weaker is heard.
#pragma once

#include <stdint.h>

namespace pellucid::engine {

/// What these levels call silence.
inline constexpr float kSilenceDbfs = -120.0f;
inline constexpr float kLeastSnrDb = -20.0f, kMostSnrDb = 60.0f;

/// Mean squares of one frame, full scale 1, in the band that the network hears.
struct FramePowers {
  float kept = 0.0f, removed = 0.0f;
};

/// Of a mean square; a full-scale square wave has 0 dBFS.
float dbfs_of(float power);

class Activity {
 public:
  /// Frames are `hop_s` seconds apart.
  void init(float hop_s);
  void reset();
  void update(const FramePowers& powers);

  float probability() const { return probability_; }
  /// From a probability of one half on, and for about 96 ms after that.
  bool active() const { return hangover_ > 0; }
  /// kLeastSnrDb until somebody spoke.
  float snr_db() const;
  float noise_dbfs() const { return dbfs_of(noise_); }

 private:
  /// What depends on the time between frames.
  struct Pace {
    float peak_fall_db, lone_peak_fall_db, floor_rise_db;
    float smoothing;  // of the logit
    float noise_rate, noise_rate_in_speech;
    uint32_t hangover_hops, absence_hops, speech_frames, stretch_frames;
  };
  void hear_speech(float power);

  Pace pace_ = {};
  bool started_ = false;
  float probability_ = 0.0f;
  float logit_ = 0.0f;
  uint32_t hangover_ = 0;        // hops
  uint32_t silent_hops_ = 0;     // since somebody spoke, counted as far as an absence
  uint32_t stretch_frames_ = 0;  // of half a second of speech
  float stretch_ = 0.0f;         // sum of its mean squares
  uint32_t speech_frames_ = 0;   // counted as far as the average needs
  float speech_ = 0.0f;          // mean square
  float noise_ = 0.0f;
  float peak_db_ = kSilenceDbfs;
  float floor_db_ = kSilenceDbfs;
};

}  // namespace pellucid::engine
