// How PESQ lays a signal out in memory, and the filters it sends it through before it listens.
#pragma once

#include <span>
#include <vector>

#include "metrics/pesq_tables.hpp"

namespace pellucid::metrics::pesq {

constexpr int kRateHz = 16000;
constexpr int kWindow = 64;         ///< samples whose power makes one value of activity: 4 ms
constexpr int kMarginWindows = 75;  ///< silence in front and behind, in which the alignment may search
constexpr int kMargin = kMarginWindows * kWindow;
constexpr int kTail = 320 * kRateHz / 1000;  ///< more silence behind, for the last frames

/// kMargin zeros, the samples in units of 16-bit integers, kMargin zeros, kTail zeros. In single precision, as are the
/// filters and the alignment: delays are chosen among near equals, and rounding as the reference program does keeps the
/// choice the same.
struct Signal {
  std::vector<float> data;
  int length = 0;  ///< of the samples with both margins, without the tail

  explicit Signal(std::span<const double> samples);
  /// Sum of squares of [begin, end).
  double energy(int begin, int end) const;
  /// Of the samples and the tail behind them, as the recommendation counts it.
  double power() const;
  int speech_end() const { return length - kMargin; }
};

/// To the recommendation's listening level, by the power between about 350 and 3250 Hz. False for silence.
bool set_level(Signal& signal);
void filter_wide_band(Signal& signal);
void filter_narrow_band(Signal& signal);
/// What only the alignment hears: without offset, edges faded, through its own filter.
Signal for_alignment(Signal signal);

}  // namespace pellucid::metrics::pesq
