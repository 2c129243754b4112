#include "metrics/pesq_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "metrics/pesq_loudness.hpp"

namespace pellucid::metrics::pesq {
namespace {

/// The delay that holds at a sample of the reference.
int delay_at(const std::vector<Utterance>& utterances, int sample) {
  std::size_t u = utterances.size() - 1;
  while (u > 0 && utterances[u].begin * kWindow > sample) --u;
  return utterances[u].delay;
}

/// Samples from one side whose neighbourhood of five is all but zero, at most half of the signal.
int silent_samples(const Signal& signal, bool from_end) {
  constexpr double kSilence = 500;
  constexpr int kNeighbours = 5;
  const int first = from_end ? signal.speech_end() + kTail - 1 : kMargin, step = from_end ? -1 : 1;
  int skipped = 0;
  for (; skipped < signal.length / 2; ++skipped) {
    double sum = 0;
    for (int i = 0; i < kNeighbours; ++i) {
      sum += std::abs(signal.data[static_cast<std::size_t>(first + step * (skipped + i))]);
    }
    if (sum >= kSilence) break;
  }
  return skipped;
}

/// Follows the loudness of the degraded signal, slowly.
class GainTracker {
 public:
  double operator()(double reference_power, double degraded_power, bool first) {
    constexpr double kFloor = 5e3, kNew = 0.8, kLeast = 3e-4, kMost = 5;
    double gain = (reference_power + kFloor) / (degraded_power + kFloor);
    if (!first) gain = (1 - kNew) * last_ + kNew * gain;
    last_ = gain;
    return std::clamp(gain, kLeast, kMost);
  }

 private:
  double last_ = 1;
};

struct Interval {
  std::size_t begin, end;
};

constexpr double kBadDisturbance = 30;

/// Runs of frames whose disturbance is so large that the alignment may be to blame.
std::vector<Interval> bad_intervals(const std::vector<Disturbance>& frames) {
  constexpr std::size_t kSmear = 2, kShortest = 5;
  const auto bad = [&](std::size_t f) { return f > 0 && frames[f].symmetric > kBadDisturbance; };
  std::vector<bool> smeared(frames.size(), false);
  for (std::size_t f = kSmear; f + 1 + kSmear < frames.size(); ++f) {
    bool left = false, right = false;
    for (std::size_t i = 0; i <= kSmear; ++i) {
      left = left || bad(f - i);
      right = right || bad(f + i);
    }
    smeared[f] = left && right;
  }
  std::vector<Interval> intervals;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (!smeared[f]) continue;
    const std::size_t begin = f;
    while (f < frames.size() && smeared[f]) ++f;
    if (f < frames.size() && f - begin >= kShortest) intervals.push_back({begin, f});
  }
  return intervals;
}

class Model {
 public:
  Model(const Signal& reference, const Signal& degraded, const std::vector<Utterance>& utterances)
      : reference_signal_(reference), degraded_signal_(degraded), utterances_(utterances) {}

  double score() {
    const int whole = (reference_signal_.speech_end() - kMargin + kTail);
    const int first = silent_samples(reference_signal_, false) / kHop;
    const int last = (whole - silent_samples(reference_signal_, true)) / kHop - 1;
    analyse(static_cast<std::size_t>(std::max(last, 0)) + 1, whole / kHop - 1);
    GainTracker gain;
    for (std::size_t f = 0; f < reference_.size(); ++f) frames_.push_back(compare(f, gain));
    skip_lost_frames();
    realign_bad_intervals();
    weight_frames();
    constexpr double kSymmetricWeight = 0.1, kAsymmetricWeight = 0.0309;
    return 4.5 - kSymmetricWeight * over_time(first, &Disturbance::symmetric) -
           kAsymmetricWeight * over_time(first, &Disturbance::asymmetric);
  }

 private:
  static int frame_begin(std::size_t f) { return kMargin + static_cast<int>(f) * kHop; }
  int data_end() const { return static_cast<int>(degraded_signal_.data.size()); }

  void analyse(std::size_t count, int mean_count) {
    constexpr double kSilentPower = 1e7, kWellAudible = 100;
    std::vector<bool> silent(count);
    reference_.resize(count);
    degraded_.resize(count);
    for (std::size_t f = 0; f < count; ++f) {
      reference_[f] = pitch_power_(reference_signal_.data, frame_begin(f));
      const int begin = frame_begin(f) + delay_at(utterances_, frame_begin(f));
      degraded_[f] = begin > 0 && begin + kFrame < data_end() ? pitch_power_(degraded_signal_.data, begin) : Bands{};
      silent[f] = audible_power(reference_[f], kWellAudible) < kSilentPower;
    }
    equalize(reference_, mean_audible(reference_, silent, mean_count), mean_audible(degraded_, silent, mean_count));
  }

  Disturbance compare(std::size_t f, GainTracker& gain) {
    const double scale = gain(audible_power(reference_[f], 1), audible_power(degraded_[f], 1), f == 0);
    for (double& v : degraded_[f]) v *= scale;
    return disturbance(reference_[f], degraded_[f]);
  }

  /// Where the delay shrinks by more than half a frame, samples of the degraded signal are heard twice: no comparison.
  void skip_lost_frames() {
    for (std::size_t u = 1; u < utterances_.size(); ++u) {
      const Utterance &before = utterances_[u - 1], &after = utterances_[u];
      const int jump = after.delay - before.delay;
      if (jump >= -kHop) continue;
      const int begin = (after.begin - kMarginWindows) * kWindow;
      const int first = std::max(
          0, std::min((begin + after.delay) / kHop, ((before.end - kMarginWindows) * kWindow + before.delay) / kHop));
      const int last = (begin + std::abs(jump)) / kHop + 1;
      for (int f = first; f <= last && f + 1 < static_cast<int>(frames_.size()); ++f) {
        frames_[static_cast<std::size_t>(f)] = {};
      }
    }
  }

  /// The degraded signal with its delays taken out.
  std::vector<float> aligned() const {
    std::vector<float> out(degraded_signal_.data.size(), 0.0F);
    const int end = data_end() - kMargin;
    for (int i = kMargin; i < end; ++i) {
      const int from = std::clamp(i + delay_at(utterances_, i), kMargin, end - 1);
      out[static_cast<std::size_t>(i)] = degraded_signal_.data[static_cast<std::size_t>(from)];
    }
    return out;
  }

  /// How the two signals lie to each other in an interval, by their rectified samples; 0 where they have too little in
  /// common.
  int find_shift(const std::vector<float>& degraded, int begin, int end) {
    constexpr int kRange = 4 * kFrame;
    constexpr double kLeastCorrelation = 0.5;
    const int count = end - begin + 2 * kRange;
    std::vector<float> a(static_cast<std::size_t>(count), 0.0F), b(a);
    double a_energy = 0, b_energy = 0;
    for (int i = 0; i < count; ++i) {
      const int at = begin - kRange + i;
      const auto k = static_cast<std::size_t>(i);
      if (at >= begin && at < end) a[k] = std::abs(reference_signal_.data[static_cast<std::size_t>(at)]);
      b[k] = std::abs(degraded[static_cast<std::size_t>(std::clamp(at, kMargin, data_end() - kMargin - 1))]);
      a_energy += a[k] * a[k];
      b_energy += b[k] * b[k];
    }
    const double scale = std::sqrt(a_energy * b_energy);
    if (!(scale > 0)) return 0;
    const int size = static_cast<int>(std::bit_ceil(static_cast<unsigned>(2 * count)));
    const std::span<const float> r = correlator_.circular(a, b, static_cast<std::size_t>(size));
    double best = 0;
    int shift = 0;
    for (int lag = -kRange; lag < kRange; ++lag) {
      const double value = std::abs(r[static_cast<std::size_t>((lag + size) % size)]) / scale;
      if (value <= best) continue;
      best = value;
      shift = lag;
    }
    return best < kLeastCorrelation ? 0 : shift;
  }

  void realign_bad_intervals() {
    const std::vector<Interval> intervals = bad_intervals(frames_);
    if (intervals.empty()) return;
    const std::vector<float> before = aligned();
    std::vector<float> after = before;
    for (const Interval& interval : intervals) {
      const int begin = frame_begin(interval.begin);
      const int end = std::min(frame_begin(interval.end) + kFrame, data_end());
      const int shift = find_shift(before, begin, end);
      for (int i = begin; i < end; ++i) {
        const int from = std::clamp(i + shift, 0, degraded_signal_.length - 1);
        after[static_cast<std::size_t>(i)] = before[static_cast<std::size_t>(from)];
      }
    }
    for (const Interval& interval : intervals) {
      GainTracker gain;
      for (std::size_t f = interval.begin; f < interval.end; ++f) {
        degraded_[f] = pitch_power_(after, frame_begin(f));
        const Disturbance now = compare(f, gain);
        frames_[f].symmetric = std::min(frames_[f].symmetric, now.symmetric);
        frames_[f].asymmetric = std::min(frames_[f].asymmetric, now.asymmetric);
      }
    }
  }

  /// Loud frames count less.
  void weight_frames() {
    constexpr double kFloor = 1e5, kUnit = 1e7, kPower = 0.04, kMost = 45;
    for (std::size_t f = 0; f < frames_.size(); ++f) {
      const double weight = std::pow((audible_power(reference_[f], 1) + kFloor) / kUnit, kPower);
      frames_[f].symmetric = std::min(kMost, frames_[f].symmetric / weight);
      frames_[f].asymmetric = std::min(kMost, frames_[f].asymmetric / weight);
    }
  }

  /// A norm of power 6 over 20 frames (320 ms), half overlapped, then one of power 2; of long recordings the end counts
  /// more.
  double over_time(int first, double Disturbance::*part) const {
    constexpr int kSyllable = 20, kLong = 1000;
    constexpr double kGrowth = 5500, kMostGrowth = 0.5;
    const int count = static_cast<int>(frames_.size());
    const int mean_count = (reference_signal_.speech_end() - kMargin) / kHop - 1;
    double sum = 0, weights = 0;
    for (int begin = first; begin < count; begin += kSyllable / 2) {
      double sixth = 0;
      for (int f = begin; f < std::min(begin + kSyllable, count); ++f) {
        const double cube = std::pow(frames_[static_cast<std::size_t>(f)].*part, 3);
        sixth += cube * cube;
      }
      const double syllable = std::pow(sixth / kSyllable, 1.0 / 6);
      double weight = 1;
      if (count > kLong) {
        const double growth = std::min(kMostGrowth, (mean_count - kLong) / kGrowth);
        weight = 1 - growth + growth * (begin - first) / mean_count;
      }
      sum += weight * weight * syllable * syllable;
      weights += weight * weight;
    }
    return weights > 0 ? std::sqrt(sum / weights) : 0.0;
  }

  const Signal &reference_signal_, &degraded_signal_;
  const std::vector<Utterance>& utterances_;
  PitchPower pitch_power_;
  Correlator correlator_;
  std::vector<Bands> reference_, degraded_;
  std::vector<Disturbance> frames_;
};

}  // namespace

double raw_score(const Signal& reference, const Signal& degraded, const std::vector<Utterance>& utterances) {
  return Model(reference, degraded, utterances).score();
}

}  // namespace pellucid::metrics::pesq
