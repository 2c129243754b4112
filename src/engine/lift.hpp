// Quiet sound is heard as well as loud sound: how many bits a spectrum is lifted before the network hears it, and
// lowered again afterwards, which a mask does not feel. Training hears speech of -45 to -3 dBFS; a network hardly hears
// what is 20 dB weaker, and takes it for noise.
//
//   Lift lift;  lift.init(enough_bit(512, 20), lift_pace(16000, 256));
//   const int32_t bits = lift.update(parts);   // once a frame: parts of the spectrum, all of their bits ored
//
// The loudest part of late decides. Five seconds without a part that is loud enough lift by one bit, and each second
// and a half after them by another (at the beginning of a stream it is a second and a half at once), so that pauses of
// speech change nothing; a louder part counts at once. Where speech is as loud as usual nothing is lifted.
#pragma once

#include <stdint.h>

#include "dsp/fixed.hpp"

namespace pellucid::engine {

class Lift {
 public:
  static constexpr int32_t kMostBits = 7;  // 42 dB

  /// Frames without a part that is loud enough.
  struct Pace {
    uint32_t pause;  // that speech may make
    uint32_t bit;    // for every further bit
  };

  /// The highest bit that the loudest part should have at least.
  void init(int32_t enough, const Pace& pace) {
    enough_ = enough;
    pace_ = pace;
    reset();
  }
  void reset() {
    bits_ = 0;
    waits_ = pace_.bit;
  }
  /// Frames of nothing at all tell nothing.
  int32_t update(uint32_t parts) {
    if (parts == 0) return bits_;
    const int32_t missing = enough_ - dsp::highest_bit(parts);
    if (missing <= bits_) {
      bits_ = missing > 0 ? missing : 0;
      waits_ = pace_.pause;
    } else if (bits_ < kMostBits && --waits_ == 0) {
      ++bits_;
      waits_ = pace_.bit;
    }
    return bits_;
  }

 private:
  int32_t enough_ = 0;
  Pace pace_ = {1, 1};
  int32_t bits_ = 0;
  uint32_t waits_ = 1;
};

/// The highest bit of a part so loud that nothing is lifted, where 1 has `fraction` bits after it: of 2 under a window
/// of 512 samples of full scale 1, as the strongest part of speech at some -36 dBFS is.
constexpr int32_t enough_bit(uint32_t window_samples, int32_t fraction) {
  int32_t bit = fraction - 8;
  for (uint32_t w = window_samples; w > 1; w >>= 1) ++bit;
  return bit;
}

constexpr Lift::Pace lift_pace(uint32_t sample_rate_hz, uint32_t hop_samples) {
  return {5 * sample_rate_hz / hop_samples, 3 * sample_rate_hz / (2 * hop_samples)};
}

}  // namespace pellucid::engine
