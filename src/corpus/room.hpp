// Rooms: impulse responses of shoebox rooms and fast convolution with them.
//
//   Room room = random_room(rng);
//   std::vector<float> response = simulate_room(room, 16000, rng);
//   const std::span early(response.data(), std::min<std::size_t>(800, response.size()));   // 50 ms
//   convolve_two(speech, response, early, microphone, target);
#pragma once

#include <span>
#include <vector>

#include "corpus/mix_random.hpp"

namespace pellucid::corpus {

struct Room {
  double width_m = 4, length_m = 5, height_m = 2.6;
  double rt60_s = 0.4;    ///< time in which the sound dies by 60 dB
  double distance_m = 1;  ///< from the source to the microphone
};

/// Offices to halls: RT60 0.1..0.8 s, distance 0.2..4 m.
Room random_room(Random& rng);

/// Impulse response, the direct sound first with amplitude 1: image sources up to the third order (Allen and
/// Berkley 1979), then a diffuse tail that decays by 60 dB in rt60_s, faster at high frequencies, with the energy
/// that the critical distance 0.057 sqrt(V / RT60) asks for. Ends where it is 50 dB down.
std::vector<float> simulate_room(const Room& room, int rate_hz, Random& rng);

/// x * a into y_a and x * b into y_b, both cut to x.size(); one complex transform carries both. y may be x;
/// y_b may be empty.
void convolve_two(std::span<const float> x, std::span<const float> a, std::span<const float> b, std::span<float> y_a,
                  std::span<float> y_b);

}  // namespace pellucid::corpus
