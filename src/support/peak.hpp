// What one core can do at most, for figures that are shares of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <vector>

namespace pellucid {

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

/// Multiply-adds a second of `kernels`' instruction set (nn::Kernels) with nothing else to do, over about a
/// millisecond.
template <typename Kernels>
double peak_multiply_adds_per_s_of(const Kernels& kernels) {
  constexpr std::size_t kRounds = 200000;
  const double start = processor_time_s();
  const std::size_t count = kernels.saturate(kRounds);
  return static_cast<double>(count) / (processor_time_s() - start);
}

/// The most of every instruction set that this processor runs: the median of several rounds of each. The argument is
/// nn::kernels_at.
template <typename KernelsAt>
double peak_multiply_adds_per_s(KernelsAt kernels_at) {
  double peak = 0;
  for (std::size_t i = 0; const auto* kernels = kernels_at(i); ++i) {
    std::vector<double> rounds(21);
    for (double& round : rounds) round = peak_multiply_adds_per_s_of(*kernels);
    peak = std::max(peak, median(std::move(rounds)));
  }
  return peak;
}

}  // namespace pellucid
