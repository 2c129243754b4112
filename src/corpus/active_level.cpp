#include "corpus/active_level.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace pellucid::corpus {
namespace {

double power_db(double power) { return power > 0 ? 10.0 * std::log10(power) : -1e3; }

}  // namespace

ActiveLevel active_level(std::span<const float> samples, int rate_hz, float gain) {
  if (samples.empty() || rate_hz <= 0) return {};
  const double g = std::exp(-1.0 / (kEnvelopeS * rate_hz));
  const auto hangover = static_cast<std::int64_t>(std::ceil(kHangoverS * rate_hz));
  // A threshold is active while the envelope passed it within the hangover; thresholds nest, so the number of active
  // ones tells them all, and it changes rarely.
  std::array<std::int64_t, kThresholds + 1> samples_with{};  // how long that many thresholds were active
  std::array<std::int64_t, kThresholds + 1> last{};          // sample at which the envelope last passed that many
  last.fill(-hangover - 1);
  int most = 0;
  std::size_t since = 0;  // when `most` last changed
  const auto change_to = [&](int wanted, std::size_t now) {
    samples_with[static_cast<std::size_t>(most)] += static_cast<std::int64_t>(now - since);
    most = wanted;
    since = now;
  };
  double p = 0, q = 0, sum_of_squares = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const float scaled = gain * samples[i];
    const double x = std::isfinite(scaled) ? static_cast<double>(scaled) : 0.0;
    sum_of_squares += x * x;
    p = g * p + (1 - g) * std::abs(x);
    q = g * q + (1 - g) * p;
    // q in [2^(e-1), 2^e) passes the thresholds 2^-20 .. 2^(e-1).
    const int e = static_cast<int>(std::bit_cast<std::uint64_t>(q) >> 52) - 1022;
    const int passed = std::clamp(e + kThresholds, 0, kThresholds);
    const auto now = static_cast<std::int64_t>(i);
    last[static_cast<std::size_t>(passed)] = now;
    if (passed > most) change_to(passed, i);
    while (most > 0 && now - last[static_cast<std::size_t>(most)] > hangover) change_to(most - 1, i);
  }
  change_to(0, samples.size());
  std::array<std::int64_t, kThresholds> active{};
  for (std::size_t j = kThresholds; j-- > 0;) {
    active[j] = samples_with[j + 1] + (j + 1 < kThresholds ? active[j + 1] : 0);
  }
  const auto total = static_cast<double>(samples.size());
  double before_level = 0, before_excess = 0;
  for (std::size_t j = 0; j < kThresholds; ++j) {
    if (active[j] == 0) break;
    const double level = power_db(sum_of_squares / static_cast<double>(active[j]));
    const double threshold = 20.0 * std::log10(2.0) * (static_cast<double>(j) - kThresholds);
    const double excess = level - threshold - kMarginDb;  // falls as j rises; the active level is where it is zero
    if (excess <= 0) {
      double db = level;
      if (j > 0) db = before_level + (level - before_level) * before_excess / (before_excess - excess);
      const double share = sum_of_squares / total / std::pow(10.0, db / 10.0);
      return {static_cast<float>(db), static_cast<float>(std::min(share, 1.0))};
    }
    before_level = level;
    before_excess = excess;
  }
  // The envelope never comes within the margin (single clicks, or a level below every threshold): no pause can be told.
  const double rms = power_db(sum_of_squares / total);
  if (rms < static_cast<double>(kSilenceDbfs)) return {};
  return {static_cast<float>(rms), 1.0f};
}

float rms_level_dbfs(std::span<const float> samples, float gain) {
  double sum = 0;
  for (const float sample : samples) {
    const float x = gain * sample;
    if (std::isfinite(x)) sum += static_cast<double>(x) * static_cast<double>(x);
  }
  if (samples.empty() || sum <= 0) return kSilenceDbfs;
  return std::max(kSilenceDbfs, static_cast<float>(power_db(sum / static_cast<double>(samples.size()))));
}

}  // namespace pellucid::corpus
