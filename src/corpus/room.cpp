#include "corpus/room.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pellucid::corpus {
namespace {

constexpr double kSpeedOfSound = 343;

struct Point {
  double x, y, z;
};

Point random_point(const Room& room, Random& rng) {
  const double margin = 0.3;
  return {rng.uniform(margin, room.width_m - margin), rng.uniform(margin, room.length_m - margin),
          rng.uniform(margin, room.height_m - margin)};
}

double distance(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z); }

double image(double source, double size, int n) { return n % 2 == 0 ? source + n * size : (n + 1) * size - source; }

}  // namespace

Room random_room(Random& rng) {
  Room room;
  room.width_m = rng.uniform(2.2, 8);
  room.length_m = room.width_m * rng.uniform(1, 1.7);
  room.height_m = rng.uniform(2.2, 3.8);
  room.rt60_s = rng.uniform(0.1, 0.8);
  room.distance_m = std::min(0.2 * std::pow(20, rng.uniform()), 0.7 * room.width_m);
  return room;
}

std::vector<float> simulate_room(const Room& room, int rate_hz, Random& rng) {
  const double volume = room.width_m * room.length_m * room.height_m;
  const double surface =
      2 * (room.width_m * room.length_m + room.width_m * room.height_m + room.length_m * room.height_m);
  const auto size = static_cast<std::size_t>(std::max(0.03, room.rt60_s * 50 / 60) * rate_hz);
  std::vector<float> response(size, 0.0f);
  response[0] = 1;

  // The source lies at the asked distance from the microphone in a direction that stays inside the room.
  const Point microphone = random_point(room, rng);
  Point source = microphone;
  for (int attempt = 0; attempt < 16; ++attempt) {
    const double azimuth = rng.uniform(0, 2 * std::numbers::pi);
    const double elevation = rng.uniform(-0.3, 0.3);
    const Point trial{microphone.x + room.distance_m * std::cos(azimuth) * std::cos(elevation),
                      microphone.y + room.distance_m * std::sin(azimuth) * std::cos(elevation),
                      microphone.z + room.distance_m * std::sin(elevation)};
    if (trial.x > 0 && trial.x < room.width_m && trial.y > 0 && trial.y < room.length_m && trial.z > 0 &&
        trial.z < room.height_m) {
      source = trial;
      break;
    }
  }
  const double direct_m = std::max(distance(source, microphone), room.distance_m);

  // Eyring's formula gives the walls' absorption; 0.99 bounds what a room of this size can reach.
  const double absorption =
      std::clamp(1 - std::exp(-0.161 * volume / (surface * std::max(room.rt60_s, 0.05))), 0.05, 0.99);
  const double reflection = std::sqrt(1 - absorption);
  for (int nx = -3; nx <= 3; ++nx) {
    for (int ny = -3; ny <= 3; ++ny) {
      for (int nz = -3; nz <= 3; ++nz) {
        const int order = std::abs(nx) + std::abs(ny) + std::abs(nz);
        if (order == 0 || order > 3) continue;
        const Point mirrored{image(source.x, room.width_m, nx), image(source.y, room.length_m, ny),
                             image(source.z, room.height_m, nz)};
        const double path_m = distance(mirrored, microphone);
        const double delay = std::max(0.0, path_m - direct_m) / kSpeedOfSound * rate_hz;
        const double amplitude = std::pow(reflection, order) * direct_m / std::max(path_m, direct_m);
        const auto at = static_cast<std::size_t>(delay);
        const double fraction = delay - std::floor(delay);
        if (at + 1 >= size) continue;
        response[at] += static_cast<float>(amplitude * (1 - fraction));
        response[at + 1] += static_cast<float>(amplitude * fraction);
      }
    }
  }

  // Echo density reaches noise after about sqrt(V) ms (Polack); the tail fades in until then.
  const double mixing_s = std::sqrt(volume) * 1e-3;
  const double decay_per_sample = std::exp(-std::log(1e3) / (room.rt60_s * rate_hz));
  const double critical_m = 0.057 * std::sqrt(volume / room.rt60_s);
  std::vector<float> tail(size);
  double envelope = 1, energy = 0;
  float low = 0;
  for (std::size_t i = 0; i < size; ++i, envelope *= decay_per_sample) {
    const double t = static_cast<double>(i) / rate_hz;
    const double fade = std::min(1.0, t / mixing_s);
    // Air and soft walls take high frequencies first: a one-pole low-pass that closes with time.
    const auto smooth = static_cast<float>(0.15 + 0.5 * t / (t + 0.3));
    low += (1 - smooth) * (quick_normal(rng) - low);
    const double keep = std::sqrt((1 + smooth) / (1 - smooth));
    tail[i] = static_cast<float>(low * keep * envelope * fade);
    energy += static_cast<double>(tail[i]) * tail[i];
  }
  const double wanted = (direct_m * direct_m) / (critical_m * critical_m);
  const auto gain = static_cast<float>(std::sqrt(wanted / std::max(energy, 1e-12)));
  for (std::size_t i = 0; i < size; ++i) response[i] += gain * tail[i];
  return response;
}

}  // namespace pellucid::corpus
