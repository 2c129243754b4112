// Cross-correlations that PESQ's alignment in time is made of.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "metrics/pesq_signal.hpp"
#include "metrics/real_transform.hpp"

namespace pellucid::metrics::pesq {

/// Keeps its transforms, since a recording asks for the same few sizes again and again. One thread at a time.
class Correlator {
 public:
  /// r[k] = sum a[i] b[i + k], the lag k in -(size-1) … size-1 at index k modulo size; circular. Both are as long as
  /// `size` or padded with zeros.
  std::span<const float> circular(std::span<const float> a, std::span<const float> b, std::size_t size);
  /// The lag by which `b` follows `a` at the largest positive correlation, the smallest of several; 0 when there is
  /// none.
  int best_lag(std::span<const float> a, std::span<const float> b);

 private:
  std::map<std::size_t, std::unique_ptr<RealTransform>> transforms_;
  std::vector<float> x_, a_, b_;
};

/// Which delays the frames of a passage vote for.
class DelayHistogram {
 public:
  static constexpr int kFrame = 1024, kStep = kFrame / 4;

  explicit DelayHistogram(Correlator& correlator);
  /// One frame of each signal; both lie inside.
  void add(const Signal& reference, int reference_begin, const Signal& degraded, int degraded_begin);
  int delay() const;
  /// The share of the votes that the delay and its neighbours hold.
  double confidence() const;

 private:
  int peak() const;

  Correlator& correlator_;
  std::vector<float> window_, a_, b_, votes_;
  float sum_ = 0;
};

}  // namespace pellucid::metrics::pesq
