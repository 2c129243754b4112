#include "metrics/pesq_activity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pellucid::metrics::pesq {
namespace {

constexpr float kSmallestOverLargest = 1e-4F;
constexpr int kThresholdRounds = 12;
constexpr float kQuietSignalToNoise = 1000;  // above it, weak runs are not speech
constexpr std::size_t kShortestWindows = 4, kLongestGapWindows = 50;

struct Run {
  std::size_t begin, end;
};

std::vector<Run> positive_runs(const std::vector<float>& x) {
  std::vector<Run> runs;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (x[i] > 0 && x[i - 1] <= 0) runs.push_back({i, i});
    if (x[i] <= 0 && x[i - 1] > 0) runs.back().end = i;
  }
  return runs;
}

void negate(std::vector<float>& x, const Run& run) {
  for (std::size_t i = run.begin; i < run.end; ++i) x[i] = -x[i];
}

/// Mean plus two deviations of what lies below `threshold`, again and again: the noise's upper edge.
float noise_threshold(const std::vector<float>& power, float threshold) {
  for (int round = 0; round < kThresholdRounds; ++round) {
    float sum = 0, squares = 0, count = 0;
    for (float v : power) {
      if (v > threshold) continue;
      sum += v;
      ++count;
    }
    const float mean = count > 0 ? sum / count : 0.0F;
    for (float v : power) {
      if (v <= threshold) squares += (v - mean) * (v - mean);
    }
    threshold = 1.001F * (mean + 2.0F * (count > 0 ? std::sqrt(squares / count) : 0.0F));
  }
  return threshold;
}

/// Speech does not begin or end at once.
void soften_edges(std::vector<float>& power) {
  for (std::size_t i = 3; i + 2 < power.size(); ++i) {
    if (power[i] > 0 && power[i - 2] <= 0) {
      power[i - 2] = 0.1F * power[i];
      power[i - 1] = 0.3F * power[i];
      ++i;
    }
    if (power[i] <= 0 && power[i - 1] > 0) {
      power[i] = 0.3F * power[i - 1];
      power[i + 1] = 0.1F * power[i - 1];
      i += 3;
    }
  }
}

}  // namespace

Activity find_activity(const Signal& signal) {
  std::vector<float> power(static_cast<std::size_t>(signal.length / kWindow));
  for (std::size_t i = 0; i < power.size(); ++i) {
    const int begin = static_cast<int>(i) * kWindow;
    power[i] = static_cast<float>(signal.energy(begin, begin + kWindow)) / kWindow;
  }
  const float largest = *std::max_element(power.begin(), power.end());
  const float least = largest > 0 ? largest * kSmallestOverLargest : 1.0F;
  const float mean = std::accumulate(power.begin(), power.end(), 0.0F) / static_cast<float>(power.size());
  for (float& v : power) v = std::max(v, least);

  float threshold = noise_threshold(power, mean);
  float speech = 0, noise = 0, active = 0;
  for (float v : power) {
    (v > threshold ? speech : noise) += v;
    if (v > threshold) ++active;
  }
  const float idle = static_cast<float>(power.size()) - active;
  speech = active > 0 ? speech / active : 0.0F;
  noise = idle > 0 ? noise / idle : 1.0F;
  if (active == 0) threshold = -1;

  for (float& v : power) {
    if (v <= threshold) v = -v;
  }
  power.front() = power.back() = -least;
  for (const Run& run : positive_runs(power)) {
    if (run.end - run.begin <= kShortestWindows) negate(power, run);
  }
  if (speech >= kQuietSignalToNoise * noise) {
    for (const Run& run : positive_runs(power)) {
      float sum = 0;
      for (std::size_t i = run.begin; i < run.end; ++i) sum += power[i];
      if (sum < 3.0F * threshold * static_cast<float>(run.end - run.begin)) negate(power, run);
    }
  }
  const std::vector<Run> runs = positive_runs(power);
  for (std::size_t r = 1; r < runs.size(); ++r) {
    const auto gap = power.begin() + static_cast<std::ptrdiff_t>(runs[r - 1].end);
    const std::size_t windows = runs[r].begin - runs[r - 1].end;
    if (windows <= kLongestGapWindows) std::fill_n(gap, windows, least);
  }
  if (runs.empty()) {
    for (float& v : power) v = std::abs(v);
    power.front() = power.back() = -least;
  }
  soften_edges(power);

  if (threshold <= 0) threshold = least;
  Activity activity;
  activity.log_power.reserve(power.size());
  for (float& v : power) {
    v = std::max(v, 0.0F);
    activity.log_power.push_back(v <= threshold ? 0.0F : std::log(v / threshold));
  }
  activity.power = std::move(power);
  return activity;
}

}  // namespace pellucid::metrics::pesq
