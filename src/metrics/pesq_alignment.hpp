// Which part of the degraded signal PESQ compares with which part of the reference.
#pragma once

#include <vector>

#include "metrics/pesq_activity.hpp"
#include "metrics/pesq_correlation.hpp"
#include "metrics/pesq_signal.hpp"

namespace pellucid::metrics::pesq {

/// Speech between two pauses, or a part of it with a delay of its own. Places in windows of the reference.
struct Utterance {
  int search_begin = 0, search_end = 0;
  int begin = 0, end = 0;
  int coarse_delay = 0, delay = 0;  ///< samples by which the degraded signal follows
  double confidence = 0;
};

/// What the alignment works on.
struct Listening {
  Signal reference, degraded;  ///< as for_alignment() gives them
  Activity reference_activity, degraded_activity;
  Correlator correlator;

  Listening(Signal ref, Signal deg);
};

/// In order, without gaps; empty when the reference has no 200 ms of speech.
std::vector<Utterance> align(Listening& listening);

constexpr std::size_t kMostUtterances = 50;

/// Divides utterances whose delay changes inside.
void split_utterances(Listening& listening, std::vector<Utterance>& utterances);

/// The delay in whole windows of [begin, end) windows of the reference, beside `delay` samples that are known: their
/// sum, in samples.
int coarse_delay(Listening& listening, int begin, int end, int delay);

}  // namespace pellucid::metrics::pesq
