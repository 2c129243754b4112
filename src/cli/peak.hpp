// What one core can do at most, for figures that are shares of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <vector>

#include "nn/kernels.hpp"

namespace pellucid::cli {

/// Processor time of this process in seconds: what else runs on the machine does not count.
inline double processor_time_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Multiply-adds a second of `kernels`' instruction set with nothing else to do, over about a millisecond.
inline double peak_multiply_adds_per_s(const nn::Kernels& kernels) {
  constexpr std::size_t kRounds = 200000;
  const double start = processor_time_s();
  const std::size_t count = kernels.saturate(kRounds);
  return static_cast<double>(count) / (processor_time_s() - start);
}

/// The most of every instruction set that this processor runs: the median of several rounds of each.
inline double peak_multiply_adds_per_s() {
  double peak = 0;
  for (std::size_t i = 0; const nn::Kernels* kernels = nn::kernels_at(i); ++i) {
    std::vector<double> rounds(21);
    for (double& round : rounds) round = peak_multiply_adds_per_s(*kernels);
    peak = std::max(peak, median(std::move(rounds)));
  }
  return peak;
}

}  // namespace pellucid::cli
