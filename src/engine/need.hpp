// How much of the denoised sound a recording needs: nothing in a quiet room, all of it in noise that is heard.
//
//   Need need;  need.init(0.016f);
//   need.update(activity.snr_db(), activity.noise_dbfs());  // once a hop
//   share = strength * need.share();
#pragma once

#include "engine/activity.hpp"

namespace pellucid::engine {

/// Speech this far above the noise is left alone; from the lesser figure down it is denoised in full.
inline constexpr float kLeaveAloneSnrDb = 40.0f, kDenoiseSnrDb = 25.0f;
/// The same for the noise's own level: below what a recorder's 16 bits or a room at night leave, nobody hears it.
inline constexpr float kLeaveAloneDbfs = -75.0f, kDenoiseDbfs = -65.0f;

class Need {
 public:
  /// Frames are `hop_s` seconds apart.
  void init(float hop_s);
  void reset() { share_ = 1.0f; }
  /// Rises with a time constant of 45 ms, so that noise that comes is met, and falls with one of a second.
  void update(float snr_db, float noise_dbfs);
  /// 0…1.
  float share() const { return share_; }

 private:
  float share_ = 1.0f;
  float rise_ = 0.0f, fall_ = 0.0f;  // of what is missing, a frame
};

}  // namespace pellucid::engine
